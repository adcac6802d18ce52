// Numbers, money and times as words. Each takes null for unknown.
const counts = new Intl.NumberFormat('en');

export const unknown = 'unknown';
export const count = (n) => (n === null || n === undefined ? unknown : counts.format(n));
export const plural = (n, one, many) => `${count(n)} ${Number(n) === 1 ? one : many ?? `${one}s`}`;

export function money(dollars) {
  if (dollars === null || dollars === undefined) return unknown;
  const n = Number(dollars);
  if (n === 0) return '$0';
  return `$${n.toFixed(Math.abs(n) >= 1 ? 2 : Math.abs(n) >= 0.01 ? 4 : 6)}`;
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return unknown;
  const s = Math.round(seconds);
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (s < 90) return `${s} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`;
  return `${Math.round(s / 86400)} days`;
}

// PostgreSQL's default way to write an interval: 1 day 02:03:04.5
export function secondsOf(interval) {
  if (!interval) return null;
  let total = 0;
  const units = { year: 31557600, mon: 2629800, day: 86400 };
  for (const [, n, unit] of interval.matchAll(/(-?\d+) (year|mon|day)s?/g)) total += n * units[unit];
  const clock = interval.match(/(-?)(\d+):(\d+):(\d+(?:\.\d+)?)/);
  if (clock) total += (clock[1] ? -1 : 1) * (clock[2] * 3600 + clock[3] * 60 + Number(clock[4]));
  return total;
}

const clock = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
export function time(text) {
  if (!text) return unknown;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? String(text) : clock.format(date);
}
