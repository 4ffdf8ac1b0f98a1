// What deploy/ uses of kinds that Kubernetes does not bring, by their documentation:
// cert-manager.io/v1, monitoring.coreos.com/v1 and the de-facto standard of the
// Network Plumbing Working Group. A field that is not here is refused.
import { LabelSelector, ObjectMeta } from "kubernetes-types/meta/v1";

interface Named {
  metadata: ObjectMeta & { name: string; namespace: string };
}

export interface Issuer extends Named {
  apiVersion: "cert-manager.io/v1";
  kind: "Issuer";
  spec: { selfSigned: { crlDistributionPoints?: string[] } } | { ca: { secretName: string } };
}

export interface Certificate extends Named {
  apiVersion: "cert-manager.io/v1";
  kind: "Certificate";
  spec: {
    secretName: string;
    issuerRef: { name: string; kind?: "Issuer" | "ClusterIssuer"; group?: string };
    isCA?: boolean;
    commonName?: string;
    dnsNames?: string[];
    ipAddresses?: string[];
    uris?: string[];
    usages?: Array<"server auth" | "client auth" | "digital signature" | "key encipherment">;
    duration?: string;
    renewBefore?: string;
    privateKey?: {
      algorithm?: "RSA" | "ECDSA" | "Ed25519";
      encoding?: "PKCS1" | "PKCS8";
      rotationPolicy?: "Never" | "Always";
      size?: number;
    };
    secretTemplate?: { annotations?: Record<string, string>; labels?: Record<string, string> };
    revisionHistoryLimit?: number;
  };
}

interface Relabeling {
  action?: string;
  modulus?: number;
  regex?: string;
  replacement?: string;
  separator?: string;
  sourceLabels?: string[];
  targetLabel?: string;
}

export interface PodMonitor extends Named {
  apiVersion: "monitoring.coreos.com/v1";
  kind: "PodMonitor";
  spec: {
    selector: LabelSelector;
    podMetricsEndpoints: Array<{
      port?: string;
      path?: string;
      scheme?: "http" | "https";
      interval?: string;
      scrapeTimeout?: string;
      honorLabels?: boolean;
      relabelings?: Relabeling[];
      metricRelabelings?: Relabeling[];
    }>;
    jobLabel?: string;
    podTargetLabels?: string[];
    namespaceSelector?: { any?: boolean; matchNames?: string[] };
    sampleLimit?: number;
  };
}

export interface NetworkAttachmentDefinition extends Named {
  apiVersion: "k8s.cni.cncf.io/v1";
  kind: "NetworkAttachmentDefinition";
  spec: { config: string };
}

// The JSON in NetworkAttachmentDefinition.spec.config, of the CNI plugin sriov.
export interface SriovCni {
  cniVersion: string;
  name: string;
  type: "sriov";
  vlan?: number;
  mac?: string;
  trust?: "on" | "off";
  spoofchk?: "on" | "off";
  min_tx_rate?: number;
  max_tx_rate?: number;
}
