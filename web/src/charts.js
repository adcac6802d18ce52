import uPlot from 'uplot';
import { element, fill } from './elements.js';
import { color, onColorsChange } from './theme.js';
import { duration, plural } from './words.js';

const height = 220;
let charts = [];

const line = (label, shade, value, more = {}) => ({ label, stroke: () => color(shade), width: 2, points: { show: false }, value: (_, v) => (v === null || v === undefined ? '' : value(v)), ...more });
const axis = (more = {}) => ({ stroke: () => color('dim'), grid: { stroke: () => color('grid'), width: 1 }, ticks: { show: false }, ...more });

// In the reader's own time zone; the day where there is more than one.
function clock(_, at) {
  const span = at[at.length - 1] - at[0];
  const options = span > 86400 ? { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }
    : span > 300 ? { hour: '2-digit', minute: '2-digit' } : { hour: '2-digit', minute: '2-digit', second: '2-digit' };
  const format = new Intl.DateTimeFormat('en-GB', options);
  return at.map((seconds) => format.format(new Date(seconds * 1000)));
}

function chart(title, width, bucket, series, values, ticks) {
  const host = element('div', { class: 'chart' }, element('h3', {}, title));
  const made = new uPlot({
    width, height, series: [{ value: (_, v) => (v ? new Date(v * 1000).toLocaleString('en-GB') : '') }, ...series],
    axes: [axis({ space: 90, values: clock }), axis({ size: 64, values: (_, all) => all.map(ticks) })],
    scales: { x: { range: (_, low, high) => [Math.min(low, high - 10 * bucket), high] }, y: { range: (_, low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    cursor: { drag: { x: true, y: false } }, legend: { live: true },
  }, values, host);
  charts.push([made, host]);
  return host;
}

export function drawCharts(data) {
  const { times } = data;
  if (!times.length) {
    fill('charts-body', element('p', { class: 'note' }, 'No answer has come yet.'));
    return;
  }
  const bucket = Number(data.bucket_s);
  // Where nothing came there is a zero and no line over it.
  const rows = [];
  for (const row of times) {
    const last = rows[rows.length - 1];
    if (last && row[0] - last[0] > bucket * 1.5) {
      rows.push([last[0] + bucket, 0, 0, 0, null, null, null]);
      if (row[0] - last[0] > bucket * 2.5) rows.push([row[0] - bucket, 0, 0, 0, null, null, null]);
    }
    rows.push(row.map((value) => (value === null ? null : Number(value))));
  }
  if (rows.length === 1) rows.unshift([rows[0][0] - bucket, 0, 0, 0, null, null, null]);
  const column = (i, of = (v) => v) => rows.map((row) => (row[i] === null ? null : of(row[i])));
  const at = column(0);
  const perMinute = (n) => (n * 60) / bucket;
  const width = Math.max(280, Math.min(560, document.getElementById('charts-body').clientWidth));
  const short = (n) => (n >= 1e6 ? `${+(n / 1e6).toFixed(1)}M` : n >= 1e3 ? `${+(n / 1e3).toFixed(1)}k` : `${+n.toFixed(1)}`);
  charts = [];
  const stepped = { paths: uPlot.paths.stepped({ align: 1 }) };
  const hosts = [
    chart('Answers a minute', width, bucket, [line('answers', 'series-1', short, { ...stepped, fill: () => color('series-1-soft') }), line('not usable', 'series-3', short, stepped)],
      [at, column(1, perMinute), column(2, perMinute)], short),
    chart('Tokens a second', width, bucket, [line('tokens', 'series-2', short, { ...stepped, fill: () => color('series-2-soft') })],
      [at, column(3, (n) => n / bucket)], short),
  ];
  if (rows.some((row) => row[4] !== null)) {
    const seconds = (ms) => duration(ms / 1000);
    const dots = { points: { show: true, size: 5 } };
    hosts.push(chart('Latency of direct requests', width, bucket, [line('half under', 'series-1', seconds, dots), line('95 % under', 'series-2', seconds, dots), line('99 % under', 'series-3', seconds, dots)],
      [at, column(4), column(5), column(6)], seconds));
  }
  fill('charts-body', element('p', { class: 'note' }, `A point stands for ${bucket === 1 ? 'a second' : plural(bucket, 'second')}. Drag over a part to see it larger, click twice to see all.`),
    element('div', { class: 'charts' }, hosts));
  onColorsChange(() => charts.forEach(([made]) => made.redraw(false)));
  new ResizeObserver(() => {
    const wide = Math.max(280, Math.min(560, document.getElementById('charts-body').clientWidth));
    charts.forEach(([made]) => made.width !== wide && made.setSize({ width: wide, height }));
  }).observe(document.getElementById('charts-body'));
}
