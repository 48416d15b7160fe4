/** How OpenTelemetry's own variables say that a process should export. Those for metrics and logs apart are not read. */
export interface OtlpEnvironment {
  /** `OTEL_EXPORTER_OTLP_ENDPOINT`; null when it is not set, not a URL, or for a protocol that is not OTLP/HTTP. */
  readonly endpoint: URL | null;
  /** `OTEL_EXPORTER_OTLP_HEADERS`: `key=value,key2=value2`, percent-encoded. */
  readonly headers: Readonly<Record<string, string>>;
  /** `OTEL_EXPORTER_OTLP_COMPRESSION`: false when it is `none`. */
  readonly compress: boolean;
  /** `OTEL_EXPORTER_OTLP_TIMEOUT`, milliseconds. */
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Reads the variables of https://opentelemetry.io/docs/specs/otel/protocol/exporter/. As the specification wants it, a
 * value that makes no sense is as good as none: these variables are not Holdup's alone.
 */
export function readOtlpEnvironment(env: NodeJS.ProcessEnv): OtlpEnvironment {
  const endpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT ?? '';
  const isHttp = env.OTEL_EXPORTER_OTLP_PROTOCOL !== 'grpc' && /^https?:/.test(endpoint) && URL.canParse(endpoint);
  const timeoutMs = Number(env.OTEL_EXPORTER_OTLP_TIMEOUT);
  return {
    endpoint: isHttp ? new URL(endpoint) : null,
    headers: readHeaders(env.OTEL_EXPORTER_OTLP_HEADERS ?? ''),
    compress: env.OTEL_EXPORTER_OTLP_COMPRESSION !== 'none',
    timeoutMs: timeoutMs > 0 ? timeoutMs : DEFAULT_TIMEOUT_MS,
  };
}

function readHeaders(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, at)).trim();
    if (!/^[\w-]+$/.test(name)) continue;
    try {
      headers[name.toLowerCase()] = decodeURIComponent(pair.slice(at + 1).trim());
    } catch {
      // Not percent-encoded after all: no header rather than a wrong one.
    }
  }
  return headers;
}
