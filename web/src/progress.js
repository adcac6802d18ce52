import { element, fill } from './elements.js';
import { count, duration, money, plural, secondsOf, time, unknown } from './words.js';

// What a person would say of it.
function inWords(job) {
  const failed = Number(job.chunks_failed);
  const failures = failed ? ` ${plural(failed, 'chunk')} failed.` : '';
  if (job.state === 'done' && !Number(job.conversations)) return 'Nothing was handed in yet.';
  if (job.state === 'done') return `Done: ${count(job.chunks_done)} of ${plural(job.chunks, 'chunk')} read.${failures}`;
  if (job.state === 'cancelled') return `Cancelled after ${count(job.chunks_done)} of ${plural(job.chunks, 'chunk')}.${failures}`;
  if (job.state === 'paused') return `Paused${job.reason ? ` (${job.reason})` : ''} after ${count(job.chunks_done)} of ${plural(job.chunks, 'chunk')}.${failures}`;
  return `${count(job.chunks_done)} of ${plural(job.chunks, 'chunk')} read.${failures}`;
}

const figure = (name, value, note) => element('div', { class: 'figure' },
  element('dt', {}, name), element('dd', {}, value, note ? element('small', {}, note) : null));

export function drawProgress(data) {
  const { job, summary } = data;
  const percent = Number(job.percent);
  const left = job.eta ? duration(secondsOf(job.eta)) : job.state === 'running' ? unknown : null;
  fill('progress-body',
    element('div', { class: 'bar-row' },
      element('strong', { class: 'percent' }, `${percent} %`),
      element('div', { class: `bar ${job.state}`, role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': percent, 'aria-label': 'Progress' },
        element('div', { style: { width: `${percent}%` } }))),
    element('p', { class: 'words' }, inWords(job)),
    element('dl', { class: 'figures' },
      figure('Conversations', count(job.conversations_done), ` of ${count(job.conversations)}${Number(job.settling) ? `, ${count(job.settling)} settling` : ''}`),
      figure('Chunks', count(job.chunks_done), ` of ${count(job.chunks)}${Number(job.chunks_failed) ? `, ${count(job.chunks_failed)} failed` : ''}`),
      figure('Requests', count(job.requests)),
      figure('Nodes', count(summary?.nodes), summary?.nodes_per_second ? ` ${summary.nodes_per_second} a second` : null),
      figure('Edges', count(summary?.edges), summary?.edges_per_second ? ` ${summary.edges_per_second} a second` : null),
      left && figure('Time left', left),
      job.rate !== null && figure('Rate', `${job.rate}`, ' chunks a minute'),
      figure('Time taken', duration(secondsOf(summary?.total_time))),
      figure('Cost so far', money(job.cost), job.budget !== null ? ` of a budget of ${money(job.budget)}` : null),
      job.state !== 'done' && figure('Cost to finish', money(job.cost_to_finish)),
      figure('Saved', money(job.saved), ' against real time'),
      figure('Started', job.started_at ? time(job.started_at) : 'not yet')));
}
