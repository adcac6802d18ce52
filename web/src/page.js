import { drawBatches } from './batches.js';
import { drawCharts } from './charts.js';
import { drawCost } from './cost.js';
import { byId, element, fill } from './elements.js';
import { drawErrors } from './errors.js';
import { drawGraph } from './graph.js';
import { drawProgress } from './progress.js';
import { startTheme } from './theme.js';
import { time } from './words.js';

const data = JSON.parse(byId('data').textContent);
const { job } = data;

startTheme();
document.title = `${job.job}: kg_batch report`;
fill('title', `Job ${job.job}`);
fill('subtitle', `graph ${job.graph}, database ${data.database}, as of ${time(data.made_at)}`);
fill('footer', 'Made by kg_batch.report(). The page asks nothing of any server: what it shows was so when it was made.');

// One part that cannot be drawn leaves the others standing.
for (const [id, draw] of Object.entries({
  'progress-body': drawProgress, 'batches-body': drawBatches, 'charts-body': drawCharts, 'cost-body': drawCost, 'errors-body': drawErrors, 'graph-body': drawGraph,
})) {
  try {
    draw(data);
  } catch (error) {
    fill(id, element('p', { class: 'note fault' }, `This part could not be drawn: ${error.message}`));
    console.error(error);
  }
}
