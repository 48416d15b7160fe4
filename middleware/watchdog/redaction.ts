import type { IncidentDelta, Site, View, ViewReport } from '../../protocol/index.js';

const REPLACEMENT = '[redacted]';

/** Takes what the app does not want to be seen out of the text that leaves the process (option `redact`). */
export class Redaction {
  readonly #patterns: readonly RegExp[];

  constructor(patterns: readonly RegExp[]) {
    this.#patterns = patterns;
  }

  /** Names made by the app: routes, functions, files, SQL, source lines. What Holdup itself says stays. */
  incident(incident: IncidentDelta): IncidentDelta {
    if (this.#patterns.length === 0) return incident;
    return {
      ...incident,
      operation: this.#text(incident.operation),
      owner: this.#text(incident.owner),
      view: this.#view(incident.view),
      site: this.#site(incident.site),
      samples: incident.samples.map((sample) => ({
        ...sample,
        stack: sample.stack.map((frame) => this.#site(frame)),
        delayed: sample.delayed.map((each) => ({ ...each, route: this.#text(each.route) })),
        ...(sample.note === undefined ? {} : { note: this.#text(sample.note) }),
      })),
      codeFrame:
        incident.codeFrame === null
          ? null
          : { ...incident.codeFrame, lines: incident.codeFrame.lines.map((line) => this.#text(line)) },
    };
  }

  views(views: readonly ViewReport[]): readonly ViewReport[] {
    if (this.#patterns.length === 0) return views;
    return views.map((report) => ({
      ...report,
      view: this.#view(report.view),
      operations: report.operations.map((each) => ({ ...each, operation: this.#text(each.operation) })),
    }));
  }

  #view(view: View): View {
    return { ...view, route: this.#text(view.route), handler: this.#text(view.handler) };
  }

  #site<T extends Site>(site: T): T {
    return { ...site, function: this.#text(site.function), file: this.#text(site.file) };
  }

  #text(text: string): string {
    return this.#patterns.reduce((redacted, pattern) => redacted.replace(pattern, REPLACEMENT), text);
  }
}
