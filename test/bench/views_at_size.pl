# What each view takes with so many requests in the ledger: as many chunks and answers,
# in a few jobs, one of them with all that it has still in the queue. Rows are written
# into the tables as the workers would have left them; no worker runs. Each view is read
# three times, and the third counts. Views of the graph and of the ledger, which have a
# row for each thing that there is, are read as far as their first thousand rows.
use strict;
use warnings;

use Bench::Sandbox;

my @of_the_whole = qw(progress pipelines batches errors error_groups performance throughput cost summary history follows graph);
my @row_by_row = qw(answers node edge fact node_fact evidence links identity decision word review rejected skipped kind taxon suggestion predicate reading former_fact node_redirect);
# Of requests in one go: a statement's transition tables stay small.
my $portion = 250_000;

sub measure_views_at_size
{
	my ($option) = @_;
	my $server = Bench::Sandbox->new(built => $option->{built}, settings => { 'maintenance_work_mem' => '512MB', 'max_wal_size' => '8GB', 'synchronous_commit' => 'off' });
	$server->sql('SELECT kg_batch.stop()');
	fill($server, $option->{requests});
	my %there = map { $_->[0] => 1 } $server->sql(q{SELECT relname FROM pg_class WHERE relnamespace = 'kg_batch'::regnamespace AND relkind = 'v'});
	my @figures;
	for my $view ((grep { $there{$_} } @of_the_whole), (grep { $there{$_} } @row_by_row))
	{
		my $is_whole = grep { $_ eq $view } @of_the_whole;
		# As text, since a column that nobody asks for is not computed.
		my $query = "SELECT sum(length(v::text)) FROM (SELECT * FROM kg_batch.$view" . ($is_whole ? '' : ' LIMIT 1000') . ') v;';
		my @ms;
		for my $time (1 .. $option->{repeats})
		{
			# In one session, so that what it has to look up of the tables is looked up once.
			my @times = map { /^Time: ([0-9.]+) ms/ ? $1 : () } $server->psql("\\timing on\n" . "$query\n" x 3);
			push @ms, $times[-1];
		}
		push @figures, { figure => "ms to read $view" . ($is_whole ? '' : ', its first 1,000 rows'), values => \@ms, target => [ 'at most', 100 ], digits => 1 };
	}
	return \@figures;
}

# Four jobs in two graphs: three are done, of one a tenth is done and the rest waits;
# every thousandth chunk has failed. Ten chunks a conversation, batches of 50,000.
sub fill
{
	my ($server, $requests) = @_;
	$server->sql(<<'END');
SELECT kg_batch.create_graph('one'); SELECT kg_batch.create_graph('two');
SELECT kg_batch.create_job(name, graph => graph) FROM (VALUES ('first', 'one'), ('second', 'one'), ('third', 'two'), ('going on', 'two')) AS j (name, graph);
CREATE TABLE place AS SELECT row_number() OVER (ORDER BY j.job_id)::int - 1 AS n, j.graph_id, j.job_id, j.name FROM kg_batch_internal.job j;
END
	for (my $from = 1; $from <= $requests; $from += $portion)
	{
		my $to = $from + $portion - 1 > $requests ? $requests : $from + $portion - 1;
		$server->sql(portion($from, $to, $requests));
	}
	$server->sql(<<"END");
INSERT INTO kg_batch_internal.batch (batch_id, token, model, state, requests, input_tokens, submitted_at, ended_at, remote_total, remote_completed)
SELECT n, gen_random_uuid(), 'gpt-6-luna', CASE WHEN n % 20 = 19 THEN 'reading' ELSE 'done' END, 50000, 50000000, now() - n * interval '1 hour',
    CASE WHEN n % 20 <> 19 THEN now() - n * interval '1 hour' + interval '40 minutes' END, 50000, 50000 FROM generate_series(0, $requests / 50000) n;
INSERT INTO kg_batch_internal.batch_job (batch_id, graph_id, job_id, requests, answered, cost)
SELECT r.batch_id, r.graph_id, r.job_id, count(*), count(*) FILTER (WHERE r.state = 'answered'), 1.5 FROM kg_batch_internal.request r WHERE r.batch_id IS NOT NULL GROUP BY 1, 2, 3;
INSERT INTO kg_batch_internal.activity (event, batch_id) SELECT 'batch ' || e, b.batch_id FROM kg_batch_internal.batch b, unnest('{planned,submitted,ended}'::text[]) e;
INSERT INTO kg_batch_internal.usage (day, graph_id, job_id, stage, model, mode, requests, cost, direct_cost)
SELECT date '2026-01-01' + d, p.graph_id, p.job_id, s, 'gpt-6-luna', m, 1000, 0.5, 1 FROM place p, generate_series(0, 364) d, unnest('{kg_extract,kg_merge,kg_classify}'::text[]) s, unnest('{batch,direct}'::text[]) m;
INSERT INTO kg_batch_internal.answer_minute (graph_id, minute, stage, mode, requests, answered, latency_histogram)
SELECT DISTINCT p.graph_id, date_trunc('minute', now()) - i * interval '1 minute', s, m, 100, 99, '{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15}'::bigint[]
FROM place p, generate_series(0, 60) i, unnest('{kg_extract,kg_merge,kg_classify}'::text[]) s, unnest('{batch,direct}'::text[]) m;
INSERT INTO kg_batch_internal.work_minute (worker_id, minute, chunks_done, busy_ms) SELECT w, date_trunc('minute', now()) - i * interval '1 minute', 10, 60000 FROM generate_series(0, 60) i, generate_series(1, 18) w;
INSERT INTO kg_batch_internal.progress_sample SELECT p.graph_id, p.job_id, now() - i * interval '5 s', 1000000 - i, 10000000 FROM place p, generate_series(0, 179) i;
UPDATE kg_batch_internal.job SET state = CASE name WHEN 'going on' THEN 'running' ELSE 'done' END, started_at = now() - interval '10 days', ended_at = CASE name WHEN 'going on' THEN NULL ELSE now() END;
DO \$\$ BEGIN WHILE kg_batch_internal.fold_counts(200000) > 0 LOOP COMMIT; END LOOP; END \$\$;
END
	$server->sql("VACUUM ANALYZE kg_batch_internal.$_->[0]")
	  for $server->sql(q{SELECT relname FROM pg_class WHERE relnamespace = 'kg_batch_internal'::regnamespace AND relkind = 'r'});
	return;
}

# Foreign keys hold by how the rows are made, so they need not be looked up.
sub portion
{
	my ($from, $to, $requests) = @_;
	my $of = "generate_series($from, $to) AS i JOIN place p ON p.n = (i / 10) % 4";
	# Of the last job a tenth is done.
	my $is_done = "(p.name <> 'going on' OR i <= $requests / 10)";
	return <<"END";
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO kg_batch_internal.conversation (graph_id, conversation_id, key, job_id, priority, messages, deliveries, cut_deliveries)
SELECT p.graph_id, i / 10, 'c' || i / 10, p.job_id, 2, 20, 1, 1 FROM $of WHERE i % 10 = 0 OR i = $from ON CONFLICT DO NOTHING;
INSERT INTO kg_batch_internal.segment (graph_id, segment_id, conversation_id, first_message_id, last_message_id, key, began_by)
SELECT p.graph_id, i / 10, i / 10, i, i, 'c' || i / 10, 'first' FROM $of WHERE i % 10 = 0 OR i = $from ON CONFLICT DO NOTHING;
INSERT INTO kg_batch_internal.chunk (graph_id, chunk_id, conversation_id, segment_id, job_id, state, stage, request_id, participants, cast_seen, context_size,
    message_ids, starts, ends, shown, countable, tokens, folded, error, error_at)
SELECT p.graph_id, i, i / 10, i / 10, p.job_id, CASE WHEN NOT $is_done THEN 'ready' WHEN i % 1000 = 0 THEN 'failed' ELSE 'done' END, 'kg_extract', i, 2, '{}', 2,
    ARRAY[i, i + 1], '{0,0}', '{40,40}', '{0,0}', 5 + i % 10, 300, $is_done AND i % 1000 <> 0, CASE WHEN i % 1000 = 0 THEN 'refused' END,
    CASE WHEN i % 1000 = 0 THEN now() END FROM $of;
INSERT INTO kg_batch_internal.request (graph_id, request_id, job_id, chunk_id, stage, prompt_id, model, mode, state, input_hash, attempt, input_tokens, max_output, batch_id, answered_at, error)
SELECT p.graph_id, i, p.job_id, i, 'kg_extract', 1, 'gpt-6-luna', 'batch', CASE WHEN i % 1000 = 0 THEN 'failed' ELSE 'answered' END,
    sha256(i::text::bytea), 1, 1000, 4000, i / 50000, now(), CASE WHEN i % 1000 = 0 THEN 'refused' END FROM $of;
INSERT INTO kg_batch_internal.answer (graph_id, request_id, attempt, mode, status, outcome, model, input_tokens, output_tokens, cost, error)
SELECT p.graph_id, i, 1, 'batch', 200, CASE WHEN i % 1000 = 0 THEN 'refused' ELSE 'answered' END, 'gpt-6-luna', 1000, 300, 0.0001,
    CASE WHEN i % 1000 = 0 THEN 'refused' END FROM $of;
INSERT INTO kg_batch_internal.ready (graph_id, priority, kind, work, chunk_id, job_id)
SELECT p.graph_id, 2, 3, 300, i, p.job_id FROM $of WHERE NOT $is_done;
COMMIT;
END
}

{ measure => \&measure_views_at_size, scale => { tiny => { requests => 5000 }, small => { requests => 200_000 }, full => { requests => 5_000_000 } } };
