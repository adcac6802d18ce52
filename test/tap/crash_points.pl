# The server crashes at each place between the queue and the answer that was read: after
# each commit, before a request leaves and when its answer came. The names are taken from
# the source, so that a new one cannot be forgotten: what a calm run does not come to is
# listed here with what brings it there, and a place that was not come to fails the test.
# Each time the graph is that of the calm run, nothing is lost, nothing of a batch is paid
# twice, and the two sides' books agree.
#
#   KG_BATCH_CRASH_POINT='batch ended|^create'    only runs that come to a place like that

use strict;
use warnings;

use JSON::PP ();
use KgBatch::Books;
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my ($pipelines, $in_flight) = (2, 3);
my $most_out = $pipelines * ($in_flight + 2);    # with what is entered ahead of time
my $node = KgBatch::Cluster->with_stand_in('crash_points', sim => [ '--batch-turnaround-s', 0.3, '--latency-ms', 20 ],
	settings => {
		fsync => 'off',
		restart_after_crash => 'on',
		'kg_batch.num_pipelines' => $pipelines,
		'kg_batch.requests_in_flight' => $in_flight,
		'kg_batch.batch_min_requests' => 1,
		'kg_batch.batch_linger' => '50ms',
		'kg_batch.batch_poll_interval' => '100ms',
		'kg_batch.budget_per_day' => 100000 });
my $sim = $node->sim;
my $armed = $node->data_dir . '/kg_batch_crash_points';
my @conversations = map { JSON::PP->new->utf8->decode(slurp_file("demo/conversations/$_.json")) } qw(book-club-2024-09 book-club-2024-12 anna-bob-2024-05);
my $job;

# ---- what brings a run to where a calm one does not come ----

my %upload = (method => 'POST', path => '^/v1/files$');
my %create = (method => 'POST', path => '^/v1/batches$');
my %content = (path => '/content$');
# Runs that come to places where a calm one does not; what is in `after` is crashed at first.
my @runs = (
	# Done, and the answer lost, at each step.
	{ points => [ 'upload unclear', 'list of files: begun', 'list of files: answered', 'file found', 'create unclear', 'list of batches: begun', 'list of batches: answered' ],
		faults => [ { fault => 'accepted_but_500', %upload, count => 1 }, { fault => 'accepted_but_500', %create, count => 1 } ] },
	# The file is not there, is sent again, and found after that.
	{ points => [ 'files not listed', 'file not found', 'upload: answered', 'batches not listed' ], after => [ 'upload: begun', 'create: answered' ],
		faults => [ map { { fault => 'unavailable', method => 'GET', path => $_, count => 1 } } '^/v1/files$', '^/v1/batches$' ] },
	{ points => [ 'batch not found', 'batch unclear' ], after => ['create: begun'] },
	{ points => [ 'step failed', 'poll failed', 'file broke off', 'files short' ],
		faults => [ { fault => 'rate_limited', %create, retry_after_ms => 30, count => 1 }, { fault => 'unavailable', method => 'GET', path => '^/v1/batches/', count => 1 },
			{ fault => 'cut_body', %content, count => 1 }, { fault => 'truncated_lines', %content, count => 1 } ] },
	# Nothing of it is answered before it is gone.
	{ points => ['batch lost'], faults => [ { fault => 'vanishes', status => 'validating', count => 1 } ], hurry => 1, retry => 1, turnaround => 3600,
		meanwhile => sub { $sim->configure(batch_turnaround_s => 0.3) if $node->kg("SELECT EXISTS (SELECT FROM kg_batch_internal.batch_job JOIN kg_batch_internal.batch USING (batch_id) WHERE job_id = $job AND state = 'lost')") eq 't'; } },
	{ points => [ 'cancel: begun', 'cancel: answered', 'cancel noted' ], faults => [ { fault => 'stuck', status => 'in_progress', count => 1 } ],
		meanwhile => sub { $node->kg(q{UPDATE kg_batch_internal.batch SET deadline = now() WHERE state = 'submitted' AND deadline > now()}) } },
	{ points => ['results not stored'], trigger => 1 },
	# After the first crash what the API said of the failure is not known any more.
	{ points => [ 'sent file read', 'failure to be asked', 'lines failed' ], faults => [ { fault => 'validation_fails', count => 1, code => 'invalid_url', message => 'not this one', line => 2 } ],
		retry => 1 },
	{ points => ['jobs paused'], faults => [ { fault => 'validation_fails', count => 1, code => 'billing_hard_limit_reached', message => 'no money' } ],
		meanwhile => sub { $node->kg("SELECT kg_batch.resume('$job', graph => graph) FROM kg_batch.progress WHERE job_id = $job AND state = 'paused'") } },
	{ points => ['batch withdrawn'], faults => [ { fault => 'rate_limited', %upload, retry_after_ms => 30 } ], retry => 1,
		meanwhile => when_not_uploaded(sub { $node->kg("SELECT kg_batch.cancel('$job', graph => graph) FROM kg_batch.progress WHERE job_id = $job") }) },
	# Another question is built than was planned, for each of the batch.
	{ points => ['nothing to ask'], faults => [ { fault => 'rate_limited', %upload, retry_after_ms => 30 } ],
		meanwhile => when_not_uploaded(sub { $node->kg("UPDATE kg_batch_internal.request SET input_hash = sha256(input_hash || convert_to(clock_timestamp()::text, 'UTF8')) WHERE job_id = $job AND state IN ('planned', 'asking')") }) },
	{ points => ['followed rows taken in'], followed => 1 },
	{ points => ['conversation cut'], one_by_one => 1 },
	{ points => [ 'questions prepared', 'claims freed' ], after => [ 'work claimed', 'question: begun' ] },
);
my %brings = map { my $run = $_; map { ($_ => $run) } @{ $run->{points} } } @runs;

# ---- each of them ----

begin('calm', 0);
go_on();
ok($node->wait_until("SELECT state = 'done' FROM kg_batch.progress WHERE job_id = $job"), 'calm: done') or BAIL_OUT('it does not get through at all');
KgBatch::Books::agree($node, 'calm', graph => 'calm', lost => 0);

my @points = points_of_the_source();
my %known = map { ($_ => 1) } @points;
is(join(', ', grep { !$known{$_} } sort keys %brings), '', 'what is listed here is in the source');
# Where a run comes by itself, several in one run: one of each part, not one after the other.
my @by_itself = grep { !$brings{$_} } @points;
my $runs = int(@by_itself / 8) + 1;
unshift @runs, map { my $n = $_; { points => [ @by_itself[ grep { $_ % $runs == $n } 0 .. $#by_itself ] ] } } 0 .. $runs - 1;
my $pattern = $ENV{KG_BATCH_CRASH_POINT} // '';
crash_at($_) for grep { grep { /$pattern/ } @{ $_->{points} } } @runs;
$node->stop('fast');
done_testing();

sub points_of_the_source
{
	my @names;
	for my $source (sort glob 'src/workers/*.cpp')
	{
		my $text = slurp_file($source);
		push @names, $text =~ /\b(?:commit|crash_point)\("([^"]+)"/g;
		push @names, map { ("$_: begun", "$_: answered") } $text =~ /\bfly\("([^"]+)"/g;
		# Every transaction of the workers on that way has a name.
		is(join(', ', $text =~ /^.*\bin_transaction\(.*$/gm), '', "$source: no transaction without a name") if $source =~ /batch_manager/;
	}
	my %times;
	$times{$_}++ for @names;
	is(join(', ', grep { $times{$_} > 1 } sort keys %times), '', 'each place has a name of its own');
	cmp_ok(scalar(@names), '>', 50, 'the places are found in the source');
	return @names;
}

# Once, while the API does not take the file. It takes the next one when what was on
# its way at that moment, made before, has been refused.
sub when_not_uploaded
{
	my ($does) = @_;
	my $attempts;
	return sub {
		return if !@{ $sim->request('GET', '/_sim/faults') };
		my $planned = q{SELECT COALESCE(max(attempts), 0) FROM kg_batch_internal.batch WHERE state = 'planned' AND ended_at IS NULL};
		if (!defined $attempts)
		{
			return if $node->kg($planned) == 0;
			$does->();
			$attempts = $node->kg($planned);
		}
		elsif ($attempts != $node->kg($planned))
		{
			$sim->request('DELETE', '/_sim/faults');
		}
	};
}

sub begin
{
	my ($graph, $followed, @faults) = @_;
	$sim->request('POST', '/_sim/reset');
	$sim->fault(\@faults) if @faults;
	my @sql = ("SELECT kg_batch.create_graph('$graph')", "SELECT kg_batch.create_job('read', '{\"use_batch_api\":true,\"paused\":true}', graph => '$graph')");
	# Of a job of its own: a row that no message can be made of is kept once, as rejected.
	push @sql, 'CREATE TABLE public.followed (id int PRIMARY KEY, role text, content text)', "INSERT INTO public.followed VALUES (1, 'captain', 'Aye.')",
		"SELECT kg_batch.create_job('followed', graph => '$graph')", "SELECT kg_batch.follow('public.followed', job => 'followed', graph => '$graph')" if $followed;
	for my $conversation (@conversations)
	{
		my $messages = JSON::PP->new->ascii->encode($conversation->{messages});
		push @sql, "SELECT kg_batch.enqueue(\$json\$$messages\$json\$::jsonb, key => '$conversation->{key}', job => 'read', final => true, graph => '$graph')";
	}
	$job = (split /\n/, $node->kg(join ';', 'BEGIN', @sql, 'COMMIT'))[-1];
	return;
}

sub crash_at
{
	my ($run) = @_;
	my $began = time;
	my %brought = %$run;
	my @all = (@{ $brought{after} // [] }, @{ $brought{points} });
	my $name = join ', ', @{ $brought{points} };
	my $graph = "crash: $brought{points}[0]";
	$sim->configure(batch_turnaround_s => $brought{turnaround} // 0.3);
	$node->kg(fail_once()) if $brought{trigger};
	$node->kg($_) for map { $_, 'SELECT pg_reload_conf()' } $brought{one_by_one} ? 'ALTER SYSTEM SET kg_batch.commit_frequency = 1' : ();
	begin($graph, $brought{followed}, @{ $brought{faults} // [] });
	arm(@all);
	my ($until, $done) = (time + 180, 0);
	while (!$done && time < $until)
	{
		sleep 0.1;
		# The server may be gone at any of these.
		$done = eval {
			go_on();
			$brought{meanwhile}->() if $brought{meanwhile};
			# One that may or may not have been created is looked for for a minute, and then it is a
			# person's word; that one is lost is known after many polls.
			$node->ask_about_batches('creating', $brought{hurry} ? 'submitted' : ());
			my $state = $node->kg("SELECT state FROM kg_batch.progress WHERE job_id = $job");
			my $ended = $state eq 'done' || $state eq 'cancelled';
			# A person's word, where it takes one.
			my $asked = $ended && $brought{retry} || $node->kg("SELECT EXISTS (SELECT FROM kg_batch_internal.batch WHERE state = 'unclear' AND ended_at IS NULL)") eq 't';
			my $again = $asked && $node->kg("SELECT kg_batch.retry('$job', graph => '$graph')");
			$ended && !$again && $node->kg("SELECT state FROM kg_batch.progress WHERE job_id = $job") eq 'done';
		};
	}
	unless (ok($done, "$name: done"))
	{
		diag('not come to: ', join ', ', split /\n/, slurp_file($armed));
		$node->describe_work;
		BAIL_OUT('it does not go on');
	}
	ok($node->wait_until(q{SELECT waiting = 0 AND taken = 1 AND (SELECT count(*) = 1 FROM kg_batch.rejected r WHERE r.source = 'input' AND r.graph_id = f.graph_id) FROM kg_batch.follows f}), "$name: taken in once") if $brought{followed};
	is(slurp_file($armed), '', "$name: the server crashed there");
	is($node->kg("SELECT kg_batch.graph_digest('$graph') = kg_batch.graph_digest('calm')"), 't', "$name: the same graph");
	KgBatch::Books::agree($node, $name, graph => $graph, lost => @all * $most_out);
	$node->kg('DROP FUNCTION public.fail_once CASCADE; DROP SEQUENCE public.stored') if $brought{trigger};
	$node->kg("SELECT kg_batch.drop_graph('$graph')");
	$node->kg('DROP TABLE public.followed') if $brought{followed};
	$node->kg($_) for map { $_, 'SELECT pg_reload_conf()' } $brought{one_by_one} ? 'ALTER SYSTEM RESET kg_batch.commit_frequency' : ();
	note(sprintf '%s: %.1f s', $name, time - $began);
	return;
}

# What was handed in, all of it before anything could crash, is begun.
sub go_on
{
	$node->kg("SELECT kg_batch.resume('$job', graph => graph) FROM kg_batch.progress WHERE job_id = $job AND state = 'paused' AND reason = 'made paused'");
	return;
}

sub arm
{
	unlink $armed;
	append_to_file($armed, join '', map { "$_\n" } @_);
	return;
}

sub fail_once
{
	return q{CREATE SEQUENCE public.stored;
		CREATE FUNCTION public.fail_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NEW.mode = 'batch' AND pg_catalog.nextval('public.stored') = 5 THEN RAISE EXCEPTION 'disk full' USING ERRCODE = 'disk_full'; END IF; RETURN NEW; END $$;
		GRANT USAGE ON SEQUENCE public.stored TO PUBLIC;
		CREATE TRIGGER fail_once BEFORE INSERT ON kg_batch_internal.answer FOR EACH ROW EXECUTE FUNCTION public.fail_once()};
}
