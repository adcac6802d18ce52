import { element, fill, table } from './elements.js';
import { count, time } from './words.js';

export function drawErrors(data) {
  if (!data.is_auditor) {
    fill('errors-body', element('p', { class: 'note' }, 'Errors can have words of a conversation in them: they are shown to those who have the level auditor on this graph.'));
    return;
  }
  if (!data.errors.length) {
    fill('errors-body', element('p', { class: 'note' }, 'None.'));
    return;
  }
  fill('errors-body',
    table([{ text: 'What' }, { text: 'Reason' }, { text: 'Times', number: true }, { text: 'Last' }],
      data.error_groups.map((group) => [group.what, group.reason, count(group.times), group.last_at ? time(group.last_at) : '']), 'Errors by reason'),
    element('details', {}, element('summary', {}, `Each by itself, and how to try it again${data.errors.length >= data.most_rows ? ` (the latest ${count(data.most_rows)})` : ''}`),
      table([{ text: 'What' }, { text: 'Where' }, { text: 'Reason' }, { text: 'When' }, { text: 'What to do' }],
        data.errors.map((error) => [error.what,
          [error.conversation, error.chunk_id && `chunk ${error.chunk_id}`, error.batch_id && `batch ${error.batch_id}`].filter(Boolean).join(', '),
          error.reason, error.at ? time(error.at) : '', element('code', {}, error.hint)]), 'Errors')));
}
