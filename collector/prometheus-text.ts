import {
  type HistogramData,
  PROMETHEUS_BUCKET_EXPONENTS,
  type PrometheusMetric,
  powerOfTwoBuckets,
} from '../protocol/index.js';

/**
 * Prometheus' text format.
 *
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = Readonly<Record<string, string>>;

/** What stands before the samples of a metric. */
export function headText({ name, help, type }: Omit<PrometheusMetric, 'labels'>): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

export function sampleText(name: string, labels: Labels, value: number): string {
  const text = labelsText(labels);
  return `${name}${text === '' ? '' : `{${text}}`} ${value}\n`;
}

/** All samples of one histogram. */
export function histogramText(name: string, labels: Labels, data: HistogramData): string {
  const text = labelsText(labels);
  const before = `${name}_bucket{${text === '' ? '' : `${text},`}le="`;
  const { from, to } = PROMETHEUS_BUCKET_EXPONENTS;
  let lines = '';
  for (const { le, count } of powerOfTwoBuckets(data, from, to)) lines += `${before}${le}"} ${count}\n`;
  return `${lines}${before}+Inf"} ${data.count}\n${sampleText(`${name}_sum`, labels, data.sum)}${sampleText(`${name}_count`, labels, data.count)}`;
}

function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',');
}

function escaped(value: string): string {
  return /[\\"\n]/.test(value) ? value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"') : value;
}
