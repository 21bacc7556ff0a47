{{- define "git-autosync.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "git-autosync.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "git-autosync.labels" -}}
{{ include "git-autosync.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "git-autosync.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default (printf "v%s" .Chart.AppVersion)) -}}
{{- end -}}
{{- end -}}

{{- define "git-autosync.listing" -}}
{{- .Values.listing.existingConfigMap | default (printf "%s-listing" (include "git-autosync.name" .)) -}}
{{- end -}}

{{- define "git-autosync.credentials" -}}
{{- .Values.credentials.existingSecret | default (printf "%s-credentials" (include "git-autosync.name" .)) -}}
{{- end -}}

{{- define "git-autosync.webhooks" -}}
{{- .Values.webhooks.existingSecret | default (printf "%s-webhooks" (include "git-autosync.name" .)) -}}
{{- end -}}

{{- define "git-autosync.claim" -}}
{{- .Values.sharedVolume.existingClaim | default (include "git-autosync.name" .) -}}
{{- end -}}

{{- /* The container of the service, of a DaemonSet as of a Deployment. */ -}}
{{- define "git-autosync.container" -}}
name: git-autosync
image: {{ include "git-autosync.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  - name: LISTING_PATH
    value: /etc/git-autosync/listing/listing.json
  - name: CREDENTIALS_PATH
    value: /etc/git-autosync/credentials/credentials.json
  - name: ROOT
    value: /repos
  - name: PUBLISH
    value: {{ (index .Values .Values.mode).publish }}
  {{- if eq .Values.mode "sharedVolume" }}
  # Off the share. The pod's state goes with the pod: then the next one compares the share with the commit.
  - name: STATE_DIR
    value: /state
  {{- end }}
  {{- if .Values.webhooks.enabled }}
  - name: WEBHOOK_SECRET_FILE
    value: /etc/git-autosync/webhooks/secrets
  {{- end }}
  {{- range $name, $value := .Values.settings }}
  - name: {{ $name | quote }}
    {{- /* A number as it was written: toString makes 1e+06 of a million. */}}
    value: {{ if kindIs "string" $value }}{{ $value | quote }}{{ else }}{{ $value | toJson | quote }}{{ end }}
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - name: autosync-http
    containerPort: 8080
# Not /startupz: nobody waits for this container, and one bad entry of many must not make it start
# over and over.
startupProbe:
  httpGet:
    path: /healthz
    port: autosync-http
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet:
    path: /healthz
    port: autosync-http
readinessProbe:
  httpGet:
    path: /readyz
    port: autosync-http
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: repos
    mountPath: /repos
  {{- if eq .Values.mode "sharedVolume" }}
  - name: state
    mountPath: /state
  {{- end }}
  # Folders, never a subPath: Kubernetes does not update a subPath mount.
  - name: listing
    mountPath: /etc/git-autosync/listing
    readOnly: true
  - name: credentials
    mountPath: /etc/git-autosync/credentials
    readOnly: true
  {{- if .Values.webhooks.enabled }}
  - name: webhooks
    mountPath: /etc/git-autosync/webhooks
    readOnly: true
  {{- end }}
{{- end -}}

{{- define "git-autosync.volumes" -}}
- name: listing
  configMap:
    name: {{ include "git-autosync.listing" . | quote }}
- name: credentials
  secret:
    secretName: {{ include "git-autosync.credentials" . | quote }}
    defaultMode: 0440
{{- if .Values.webhooks.enabled }}
- name: webhooks
  secret:
    secretName: {{ include "git-autosync.webhooks" . | quote }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{- define "git-autosync.pod-metadata" -}}
labels:
  {{- include "git-autosync.selector" . | nindent 2 }}
  # What the PodMonitor selects: a label of its own, as other tools set those of app.kubernetes.io.
  git-autosync/metrics: "true"
  {{- with .Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* What pods of either kind have of where they run. */ -}}
{{- define "git-autosync.placement" -}}
automountServiceAccountToken: false
# Settings are variables: a Service called http would set HTTP_PORT.
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
