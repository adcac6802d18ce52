# On a standby nothing runs and nothing can be written: every function that would
# says so in one clear error, and every one that reads works. After promotion all
# goes on by itself, without a second batch and to the same graph.

use strict;
use warnings;

use KgBatch::Cluster;
use KgBatch::DemoRun;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = KgBatch::Cluster->with_stand_in('primary', sim => [ '--batch-turnaround-s', 1 ], settings => {
	'fsync' => 'off',
	'wal_level' => 'replica',
	'max_wal_senders' => 4,
	'hot_standby' => 'on',
	'kg_batch.batch_linger' => '200ms',
	'kg_batch.batch_poll_interval' => '200ms',
	'kg_batch.batch_min_requests' => 1,
	'kg_batch.budget_per_day' => 1000 });
my $sim = $primary->sim;

my $run = KgBatch::DemoRun->new($primary, conversations => 6);
$sim->configure(batch_turnaround_s => 3600);
$run->begin('promoted');
ok($primary->wait_until(q{SELECT state = 'submitted' FROM kg_batch.batches ORDER BY batch_id DESC LIMIT 1}), 'a batch is out');

$primary->backup('taken');
my $standby = KgBatch::Cluster->new('standby');
$standby->init_from_backup($primary, 'taken', has_streaming => 1);
$standby->start;
$standby->{kg_sim} = $sim;
$primary->wait_for_catchup($standby);

# ---- what a standby does ----

is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ '^kg_batch'}), '0', 'nothing of kg_batch runs on a standby');
is($standby->kg(q{SELECT kg_batch.graph_digest('undisturbed')}), $primary->kg(q{SELECT kg_batch.graph_digest('undisturbed')}), 'a graph has the digest that it has on the primary');
like($standby->kg(q{SELECT detail FROM kg_batch.health() WHERE name = 'enabled' AND ok}), qr/standby: workers run after its promotion/, 'health() says what it is');

# Every function by name, so that one that is added has to say on which side it is.
# Those that write, as one would call them;
my ($node, $other) = map { $primary->kg("SELECT node_id FROM kg_batch.node JOIN kg_batch.graph g USING (graph_id) WHERE g.name = 'undisturbed' AND class = 'person' ORDER BY node_id LIMIT 1 OFFSET $_") } 0, 1;
my $fact = $primary->kg(q{SELECT min(fact_id) FROM kg_batch.fact JOIN kg_batch.graph g USING (graph_id) WHERE g.name = 'undisturbed'});
my $key = $primary->kg(q{SELECT min(key) FROM kg_batch_internal.conversation});
my %writes = (
	accept_suggestion => q{(SELECT min(suggestion_id) FROM kg_batch_internal.taxon_suggestion WHERE graph_id = kg_batch.graph_id('undisturbed')), graph => 'undisturbed'},
	alter_graph => q{'undisturbed', '{"self": "Anna"}'},
	cancel => q{'read', 'undisturbed'},
	correct => "$node, 'label', 'Somebody', graph => 'undisturbed'",
	create_graph => q{'more'},
	create_job => q{'more', graph => 'undisturbed'},
	drop_graph => q{'undisturbed'},
	enqueue => q{'[{"speaker":"Dana","content":"I moved to Graz."}]', graph => 'undisturbed'},
	enqueue_query => q{'SELECT ''Dana'' AS speaker, ''I moved to Graz.'' AS content', graph => 'undisturbed'},
	enqueue_text => q{'Dana: I moved to Graz.', graph => 'undisturbed'},
	flush => q{'undisturbed'},
	follow => q{'kg_batch_internal.graph', content => 'name', message_id => 'graph_id', graph => 'undisturbed'},
	forget => "'$key', graph => 'undisturbed'",
	grant_access => q{'pg_monitor', 'reader', 'undisturbed'},
	import => q{'jsonl', '', 'undisturbed'},
	keep_apart => "$node, $other, graph => 'undisturbed'",
	load_taxonomy => q{'[{"path": "Entity > animal > Llama", "definition": "a woolly animal"}]', 'undisturbed'},
	merge => "$node, $other, graph => 'undisturbed'",
	pause => q{'read', 'undisturbed'},
	rebuild => q{'undisturbed'},
	refuse_suggestion => q{(SELECT min(suggestion_id) FROM kg_batch_internal.taxon_suggestion WHERE graph_id = kg_batch.graph_id('undisturbed')), graph => 'undisturbed'},
	reread => q{graph => 'undisturbed'},
	reset_performance => q{},
	resume => q{},
	retract => "$fact, 'wrong', graph => 'undisturbed'",
	retry => q{'read', graph => 'undisturbed'},
	set_model_price => q{'m', 1, 2},
	split => "$node, '$key', graph => 'undisturbed'",
	start => q{},
	stop => q{},
	undo => q{1, graph => 'undisturbed'},
	unfollow => q{'kg_batch_internal.graph', graph => 'undisturbed'},
	unmerge => "$node, '{1}', graph => 'undisturbed'");
# those that read;
my %reads = (
	as_of => q{now(), 'undisturbed'},
	compare => q{'undisturbed', 'promoted'},
	estimate => q{'read', 'undisturbed'},
	estimate_ways => q{'read', 'undisturbed'},
	estimate_query => q{'SELECT ''Dana'' AS speaker, ''I moved.'' AS content', 'undisturbed'},
	explain => "$node, graph => 'undisturbed'",
	export => q{'jsonl', 'undisturbed'},
	facts => q{'dog', graph => 'undisturbed'},
	find => q{'dog', graph => 'undisturbed'},
	graph_digest => q{'undisturbed'},
	graph_id => q{'undisturbed'},
	health => q{},
	my_graphs => q{current_user, 'reader'},
	neighbors => "$node, graph => 'undisturbed'",
	report => q{'read', 'undisturbed'},
	report_data => q{'read', 'undisturbed'},
	validity => q{graph => 'undisturbed'});
my @functions = split /\n/, $primary->kg(q{SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'kg_batch'::regnamespace AND prokind = 'f' ORDER BY 1});
is_deeply(\@functions, [ sort keys %writes, keys %reads ], 'every function is known to write or to read');

for my $name (sort keys %writes)
{
	my ($out, $err) = ('', '');
	$standby->psql('kg', "SELECT kg_batch.$name($writes{$name})", stdout => \$out, stderr => \$err, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($err, qr/ERROR:  25006: kg_batch cannot write on a standby\nHINT:  Call it on the primary/, "$name() is refused in one clear error");
}
for my $name (sort keys %reads)
{
	my ($out, $err) = ('', '');
	is($standby->psql('kg', "SELECT * FROM kg_batch.$name($reads{$name})", stdout => \$out, stderr => \$err), 0, "$name() works") or diag($err);
	isnt($out, '', '… and gives something');
}
for my $view (split /\n/, $primary->kg(q{SELECT relname FROM pg_class WHERE relnamespace = 'kg_batch'::regnamespace AND relkind = 'v' ORDER BY 1}))
{
	my ($out, $err) = ('', '');
	is($standby->psql('kg', "SELECT count(*) FROM kg_batch.$view", stdout => \$out, stderr => \$err), 0, "view $view works") or diag($err);
}
{
	my ($out, $err) = ('', '');
	$standby->psql('kg', q{CALL kg_batch.wait('read', 1.0, 'promoted')}, stdout => \$out, stderr => \$err, timeout => 60);
	unlike($err, qr/ERROR/, 'wait() waits there as anywhere');
}
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ '^kg_batch'}), '0', 'and still nothing runs there');

# ---- promotion ----

$primary->wait_for_catchup($standby);
$primary->stop('immediate');
$standby->promote;
ok($standby->wait_until(q{SELECT count(*) = 1 FROM kg_batch_internal.live_workers() WHERE kind = 'batch manager'}), 'after promotion workers come by themselves');
$sim->configure(batch_turnaround_s => 1);
$sim->advance(3600);
$run->{node} = $standby;
$run->whole('promoted');
is(scalar(my @batches = $run->batches('state')), 1, 'by the batch that the primary had sent');
$standby->enqueue_many('cat', 3);
ok($standby->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}, 60), 'and new work is done there');

$standby->stop('fast');
done_testing();
