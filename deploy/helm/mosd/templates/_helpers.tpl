{{- define "mosd.selector" -}}
app.kubernetes.io/name: mosd
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "mosd.labels" -}}
{{ include "mosd.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Its name ends in a hash of what is in it, so that a change is a roll-out. */}}
{{- define "mosd.configMap" -}}
{{ .Release.Name }}-{{ include "mosd.config" . | sha256sum | trunc 10 }}
{{- end }}

{{- define "mosd.metadata" -}}
metadata:
  name: {{ .name | default .top.Release.Name }}
  namespace: {{ .top.Release.Namespace }}
  labels:
    {{- include "mosd.labels" .top | nindent 4 }}
{{- end }}
