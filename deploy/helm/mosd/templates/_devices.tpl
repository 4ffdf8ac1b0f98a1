{{/*
What each device brings: one table. User 0 where there are capabilities: Kubernetes
gives another user none that take effect, and those of a file are void with
allowPrivilegeEscalation: false.
*/}}
{{- define "mosd.devices" -}}
none:
  ports: ["null:no-rx=1"]
  capabilities: []
  config: &small
    max_flows: 500000
    last_frame: {memory: 512MiB}
  resources: &few {cpu: "1", memory: 2Gi}
af-packet:
  ports: [{{ printf "af_packet:%s" .Values.interface | quote }}]
  hostNetwork: true
  capabilities: [NET_RAW, NET_ADMIN, IPC_LOCK]
  config: *small
  resources: *few
af-xdp:
  ports: [{{ printf "af_xdp:%s" .Values.interface | quote }}]
  hostNetwork: true
  capabilities: [NET_RAW, NET_ADMIN, IPC_LOCK, BPF, SYS_ADMIN]
  config: *small
  resources: *few
sriov-dpdk:
  # The first that DPDK may open: the pod is given one, whose address differs.
  ports: [dpdk0]
  # SYS_NICE: without it seccomp refuses set_mempolicy(2), and with it huge pages.
  capabilities: [IPC_LOCK, SYS_NICE]
  config:
    # One for each processor but one, which is left for gRPC and metrics.
    workers: 3
    idle: busy_poll
    max_flows: 2000000
    last_frame: {memory: 2GiB}
    memory: {hugepages: "on"}
  resources:
    cpu: "4"
    memory: 4Gi
    hugepages-2Mi: 256Mi
    {{ .Values.sriov.resourceName }}: "1"
  nodeSelector: {feature.node.kubernetes.io/network-sriov.capable: "true"}
  annotations: {k8s.v1.cni.cncf.io/networks: {{ .Release.Name }}}
{{- end }}

{{/* The device that was chosen, as YAML. */}}
{{- define "mosd.device" -}}
{{- index (include "mosd.devices" . | fromYaml) .Values.device | toYaml }}
{{- end }}

{{/* mosd.yaml: the device's, and over it what the values say. */}}
{{- define "mosd.config" -}}
{{- $device := include "mosd.device" . | fromYaml }}
{{- $config := dict
      "dataplane" (merge (dict "ports" $device.ports) $device.config)
      "grpc" (dict "listen" (list "unix:/run/mosd/mosd.sock")
                   "max_concurrent_calls" 64 "max_watches" 8)
      "metrics" (dict "listen" (list "0.0.0.0:9464" "[::]:9464")) }}
{{- mergeOverwrite $config (deepCopy .Values.config) | toYaml }}
{{- end }}
