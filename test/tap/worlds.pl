# The graph is a function of its evidence. Generated worlds (test/worlds/World.pm),
# of which a gold file says what every sentence means, are read in several ways:
# one pipeline and eight, conversations one by one and all at once, in any order,
# by batch and directly, by either plan, with workers and servers that crash, and with
# a conversation that is forgotten. Each way is a graph of its own for each world, and
# the digests of a world are one.
#
# KG_BATCH_WORLDS says how many worlds (8; 30 take 20 s a way on two cores with nothing else to do), KG_BATCH_WORLD which
# one alone, KG_BATCH_WAYS a pattern of the ways to go beside the first.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../worlds";

use Difference;
use JSON::PP ();
use KgBatch::Cluster;
use List::Util qw(shuffle);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use World;

my @worlds = map { World->new($_) } defined $ENV{KG_BATCH_WORLD} ? $ENV{KG_BATCH_WORLD} : 1 .. ($ENV{KG_BATCH_WORLDS} // 8);
# One in which a cap is hit: a block of forty, compared in a window of neighbours.
push @worlds, World->new(100_000, crowd => 40) unless defined $ENV{KG_BATCH_WORLD};
my $json = JSON::PP->new->ascii->canonical;
my $gold = PostgreSQL::Test::Utils::tempdir('worlds') . '/gold.json';
append_to_file($gold, $json->encode(World::merged_gold(@worlds)));

# One size of chunks, whichever way they go.
my $node = KgBatch::Cluster->with_stand_in('worlds', sim => [ '--mode', 'oracle', '--gold', $gold, '--batch-turnaround-s', 1, '--latency-ms', 20 ],
	settings => {
		fsync => 'off',
		restart_after_crash => 'on',
		map { ("kg_batch.$_" => 5) } qw(batch_chunk_size batch_chunk_max real_time_chunk_size) },
);
$node->append_conf('postgresql.conf', join '', map { "kg_batch.$_\n" } 'batch_min_requests = 1', "batch_linger = '200ms'", "batch_poll_interval = '200ms'",
	'budget_per_day = 100000', 'budget = 10000');
my $sim = $node->sim;
# What is shuffled is shuffled the same in every run.
srand 1;
my $patience = 60 + 3 * @worlds;    # seconds

my @ways = (
	{ name => 'one by one' },
	{ name => 'one query, shuffled', pipelines => 2, send => \&all_in_one_query },
	{ name => 'shuffled, eight pipelines', pipelines => 8, send => \&shuffled },
	# What is handed in as many deliveries is cut otherwise: a graph of its own, whatever the order.
	{ name => 'message by message', send => \&message_by_message, like => 'itself' },
	{ name => 'message by message, shuffled', pipelines => 8, send => \&message_by_message_shuffled, like => 'message by message' },
	{ name => 'staged', pipelines => 8, send => \&shuffled, options => { extraction => 'staged' } },
	{ name => 'by batch', pipelines => 8, send => \&shuffled, options => { use_batch_api => JSON::PP::true } },
	{ name => 'crashes', pipelines => 8, send => \&shuffled, in_the_middle => \&crash },
	{ name => 'something forgotten', pipelines => 8, send => \&shuffled_with_secrets, in_the_middle => \&forget_some, afterwards => \&forget_the_rest },
	{ name => 'a person in the middle', pipelines => 2, send => \&shuffled, between => \&say_who_is_one },
);
my $pattern = $ENV{KG_BATCH_WAYS} // '';
@ways = grep { $_ == $ways[0] || $_->{name} =~ /$pattern/ } @ways;
my (%digest, %cut);
for my $way (@ways)
{
	my $began = time;
	take($way);
	note(sprintf '%s: %.1f s', $way->{name}, time - $began);
	is_as_meant($way), asks_the_model($way) if $way == $ways[0];
	lists_its_caps($way);
	my $like = $way->{like} // $ways[0]{name};
	next if $way == $ways[0] || $like eq 'itself' || !$digest{$like};
	for my $world (@worlds)
	{
		is($digest{ $way->{name} }{ $world->seed }, $digest{$like}{ $world->seed }, "world " . $world->seed . ": $way->{name}")
		  or diag(join "\n", differences($like, $way, $world), differences($like, $way, $world, 'decision'));
		is($cut{ $way->{name} }{ $world->seed }, $cut{$like}{ $world->seed }, 'world ' . $world->seed . ": $way->{name}, cut the same way")
		  or diag(join "\n", differences($like, $way, $world, 'cut'));
	}
}
is_the_same_rebuilt();
is($node->kg('SELECT count(*) FROM kg_batch_internal.node n WHERE n.key IS DISTINCT FROM (SELECT min(i.key::text)::uuid FROM kg_batch_internal.identity i
	WHERE i.graph_id = n.graph_id AND i.node_id = n.node_id)'), 0, 'each node is known by the lowest key of its identities, so no two by one');
is($node->kg('SELECT count(*) FROM kg_batch.errors'), 0, 'nothing failed') or diag($node->kg('SELECT DISTINCT * FROM kg_batch.errors LIMIT 5'));
is($node->kg('SELECT count(*) FROM kg_batch.rejected'), 0, 'nothing of the answers was rejected') or diag($node->kg('SELECT DISTINCT * FROM kg_batch.rejected LIMIT 5'));
$node->stop('fast');
done_testing();

sub graph { my ($way, $world) = @_; return 'world ' . $world->seed . " $way->{name}"; }

# All worlds, each into a graph of its own.
sub take
{
	my ($way) = @_;
	my $name = $way->{name};
	$node->safe_psql('postgres', 'ALTER SYSTEM SET kg_batch.num_pipelines = ' . ($way->{pipelines} // 1));
	$node->reload;
	my $options = $json->encode({ use_batch_api => JSON::PP::false, %{ $way->{options} // {} } });
	run(map { ("SELECT kg_batch.create_graph('" . graph($way, $_) . "')", "SELECT kg_batch.create_job('read', '$options', graph => '" . graph($way, $_) . "')") } @worlds);
	my $send = $way->{send} // \&one_by_one;
	$send->($way, 1);
	# An edit of what is not cut yet changes it in place, which is another evidence.
	ok($node->wait_until('SELECT count(*) = 0 FROM kg_batch_internal.conversation WHERE cut_deliveries < deliveries', $patience), "$name: all is cut");
	$way->{between}->($way) if $way->{between};
	$send->($way, 2);
	$way->{in_the_middle}->($way) if $way->{in_the_middle};
	ok($node->wait_until("SELECT count(*) = 0 FROM kg_batch_internal.job WHERE state <> 'done'", $patience), "$name: all is done") or stuck();
	say_who_is_one($way) unless $way->{between};
	$way->{afterwards}->($way) if $way->{afterwards};
	settle($way);
	$digest{$name} = of_each($way, 'kg_batch.graph_digest(g.name)');
	$cut{$name} = of_each($way, "md5((SELECT string_agg(line, E'\\n' ORDER BY line COLLATE \"C\") FROM (" . Difference::lines('cut', 'g.graph_id') . ') l (line)))');
	return;
}

# What an expression over graph g gives for each world, by seed: one statement for all,
# as a connection a world would take longer than what is asked.
sub of_each
{
	my ($way, $what) = @_;
	my %of = map { split /\t/, $_, 2 } split /\n/, $node->kg("SELECT g.name || E'\\t' || COALESCE(($what)::text, '') FROM kg_batch.graph g WHERE g.name IN ("
		  . join(', ', map { "'" . graph($way, $_) . "'" } @worlds) . ')');
	return { map { ($_->seed => $of{ graph($way, $_) }) } @worlds };
}

# ---- ways to hand it in ----

sub enqueue
{
	my ($way, $world, $delivery) = @_;
	return sprintf q{SELECT kg_batch.enqueue($json$%s$json$::jsonb, key => '%s', job => 'read', final => %s, graph => '%s')},
	  $json->encode($delivery->{messages}), $delivery->{key}, $delivery->{final}, graph($way, $world);
}

sub deliveries
{
	my ($wave) = @_;
	return map { my $world = $_; map { [ $world, $_ ] } grep { $_->{wave} == $wave } @{ $world->deliveries } } @worlds;
}

# In another order, but for those of one conversation among themselves.
sub in_any_order
{
	my @all = shuffle @_;
	my %of;
	push @{ $of{ $_->[1]{key} } }, $_ for @_;
	return map { shift @{ $of{ $_->[1]{key} } } } @all;
}

sub one_by_one { my ($way, $wave) = @_; return run(map { enqueue($way, @$_) } deliveries($wave)); }
sub shuffled { my ($way, $wave) = @_; return run(map { enqueue($way, @$_) } in_any_order(deliveries($wave))); }

sub shuffled_with_secrets
{
	my ($way, $wave) = @_;
	my @secrets = $wave == 1 ? map { [ $_, { %{ $_->secret }, final => 'true' } ] } @worlds : ();
	return run(map { enqueue($way, @$_) } in_any_order(deliveries($wave), @secrets));
}

sub message_by_message
{
	my ($way, $wave) = @_;
	return run(map { enqueue($way, @$_) } messages_of($wave));
}

sub message_by_message_shuffled
{
	my ($way, $wave) = @_;
	return run(map { enqueue($way, @$_) } in_any_order(messages_of($wave)));
}

# Deliveries of one message, the last of each closing the conversation.
sub messages_of
{
	my ($wave) = @_;
	return map {
		my ($world, $delivery) = @$_;
		my @messages = @{ $delivery->{messages} };
		map { [ $world, { %$delivery, messages => [ $messages[$_] ], final => $_ == $#messages ? 'true' : 'false' } ] } 0 .. $#messages
	} deliveries($wave);
}

# The first wave as one table, conversations mixed.
sub all_in_one_query
{
	my ($way, $wave) = @_;
	return shuffled($way, $wave) if $wave > 1;
	for my $world (@worlds)
	{
		my @rows = map { my $key = $_->{key}; map { { %$_, conversation => $key } } @{ $_->{messages} } } grep { $_->{wave} == $wave } @{ $world->deliveries };
		my %of;
		push @{ $of{ $_->{conversation} } }, $_ for @rows;
		@rows = map { shift @{ $of{ $_->{conversation} } } } shuffle @rows;
		my $n = 0;
		$_->{n} = ++$n for @rows;
		run('CREATE TABLE said (n int, conversation text, speaker text, speaker_id text, content text, sent_at timestamptz, id text)',
			'INSERT INTO said SELECT * FROM jsonb_populate_recordset(NULL::said, $rows$' . $json->encode(\@rows) . '$rows$)',
			q{SELECT kg_batch.enqueue_query('SELECT conversation, speaker, speaker_id, content, sent_at, id AS message_id FROM said ORDER BY n', job => 'read', graph => '}
			  . graph($way, $world) . q{')}, 'DROP TABLE said');
	}
	return;
}

sub run
{
	my @sql = @_;
	return $node->kg(join ";\n", 'SET client_min_messages = warning', @sql);
}

# ---- what happens meanwhile ----

# A pipeline dies, and the server with it; then the server once more.
sub crash
{
	my ($way) = @_;
	my $done = "SELECT count(*) FROM kg_batch_internal.chunk c JOIN kg_batch.graph g USING (graph_id) WHERE g.name LIKE 'world % $way->{name}' AND c.folded";
	ok($node->wait_until("SELECT ($done) > 5"), "$way->{name}: it has begun");
	my ($pid) = $node->worker_pids('pipeline');
	ok($pid && kill('KILL', $pid), "$way->{name}: a pipeline is killed");
	ok($node->wait_until("SELECT pg_postmaster_start_time() IS NOT NULL AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)"), "$way->{name}: the server comes back");
	$node->stop('immediate');
	$node->start;
	cmp_ok($node->kg("SELECT count(*) FROM kg_batch_internal.job WHERE state <> 'done'"), '>', 0, "$way->{name}: it was not done");
	return;
}

# Of every other world while it is read, at whatever point that is.
sub forget_some { my ($way) = @_; return forget($way, grep { $_->seed % 2 } @worlds); }

# Of the others when the graph has it.
sub forget_the_rest
{
	my ($way) = @_;
	my @rest = grep { $_->seed % 2 == 0 } @worlds;
	my $ended = "SELECT count(*) FROM kg_batch.validity(graph => g.name) WHERE status IN ('superseded', 'ended')";
	my ($had, $ended_by_it) = (of_each($way, 'kg_batch.graph_digest(g.name)'), of_each($way, $ended));
	like(tables_with(World::marker()), qr/\.fact \d.*\.message \d.*\.node \d/, 'its words stand in tables') if @rest;
	forget($way, @rest);
	is(tables_with(World::marker()), '', 'no table holds a word of what was forgotten');
	ok($node->wait_until("SELECT count(*) = 0 FROM kg_batch_internal.job WHERE state <> 'done'", $patience), "$way->{name}: all is done again") or stuck();
	my $ended_without = of_each($way, $ended);
	for my $world (@rest)
	{
		isnt($had->{ $world->seed }, $digest{ $ways[0]{name} }{ $world->seed }, 'world ' . $world->seed . ': the graph had what was to be forgotten');
		cmp_ok($ended_without->{ $world->seed }, '<', $ended_by_it->{ $world->seed }, '… and by it States of other conversations had ended');
	}
	is(tables_with(World::marker()), '', '… nor does one when what it asked is asked again');
	return;
}

sub forget
{
	my ($way, @of) = @_;
	my @forgotten = split /\n/, run(map { "SELECT kg_batch.forget('" . $_->secret->{key} . "', graph => '" . graph($way, $_) . "')" } @of);
	return is_deeply(\@forgotten, [ map { scalar @{ $_->secret->{messages} } } @of ], "$way->{name}: all messages are forgotten");
}

# Tables in which a word stands, whatever its case.
sub tables_with
{
	my ($word) = @_;
	my @tables = split /\n/, $node->kg(q{SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'kg_batch_internal'::regnamespace AND c.relkind = 'r' ORDER BY 1});
	return join ', ', split /\n/, $node->kg(join(' UNION ALL ', map { "SELECT '$_ ' || count(*) FROM $_ t WHERE t::text ILIKE '%$word%' HAVING count(*) > 0" } @tables) . ' ORDER BY 1');
}

# A person says of two names that they are one: in the middle, or when all is done.
# Where the model has said so already, there is nothing to say.
sub say_who_is_one
{
	my ($way) = @_;
	ok($node->wait_until("SELECT count(*) = 0 FROM kg_batch_internal.job WHERE state <> 'done'", $patience), "$way->{name}: there is something to speak of") if $way->{between};
	run(map {
		my $graph = graph($way, $_);
		my ($one, $other) = @{ $_->same_persons };
		"SELECT kg_batch.merge(a.node_id, b.node_id, 'they are one', graph => g.name) FROM kg_batch.graph g JOIN kg_batch.node a USING (graph_id) JOIN kg_batch.node b USING (graph_id)
			WHERE g.name = '$graph' AND a.label = '$one' AND b.label = '$other'"
	} @worlds);
	return;
}

# Made again from mentions and decisions, it is what it was.
sub is_the_same_rebuilt
{
	return note('rebuild is not there yet') unless has_rebuild();
	for my $world (@worlds)
	{
		my $graph = graph($ways[0], $world);
		$node->kg("SELECT kg_batch.rebuild('$graph')");
		is($node->kg("SELECT kg_batch.graph_digest('$graph')"), $digest{ $ways[0]{name} }{ $world->seed }, 'world ' . $world->seed . ': the same after rebuild');
	}
	return;
}

sub differences
{
	my ($like, $way, $world, @of) = @_;
	return Difference::between(sub { $node->kg($_[0]) }, graph({ name => $like }, $world), graph($way, $world), @of);
}

# Where a cap was hit, what was asked depends on the order, until all is compared again.
sub settle
{
	my ($way) = @_;
	return unless has_rebuild();
	$node->kg("SELECT kg_batch.rebuild('" . graph($way, $_) . "', recompare => true)") for grep { $_->is_crowded } @worlds;
	return;
}

sub has_rebuild { return $node->kg(q{SELECT count(*) > 0 FROM pg_catalog.pg_proc WHERE pronamespace = 'kg_batch'::regnamespace AND proname = 'rebuild'}) eq 't'; }

# That there is something to compare: what was said is what stands there.
sub is_as_meant
{
	my ($way) = @_;
	for my $world (@worlds)
	{
		my $graph = graph($way, $world);
		my $live = $node->kg("SELECT f.text FROM kg_batch_internal.fact f JOIN kg_batch.graph g USING (graph_id) WHERE g.name = '$graph' AND f.live ORDER BY f.text COLLATE \"C\"");
		is($live, join("\n", $world->live_facts), 'world ' . $world->seed . ': the facts are those that hold in the end');
		my $names = join ', ', map { "'$_'" } @{ $world->same_persons };
		is($node->kg("SELECT count(DISTINCT i.node_id), count(DISTINCT i.identity_id) FROM kg_batch_internal.identity i JOIN kg_batch.graph g USING (graph_id)
			WHERE g.name = '$graph' AND i.key IN (SELECT m.key FROM kg_batch_internal.node_mention m WHERE m.graph_id = i.graph_id AND m.label IN ($names) AND m.live)"),
			'1|2', 'world ' . $world->seed . ': two names of one person are one node');
		is($node->kg("SELECT count(*), count(DISTINCT i.node_id) FROM kg_batch_internal.identity i JOIN kg_batch.graph g USING (graph_id)
			WHERE g.name = '$graph' AND i.kind = 'pet keeping' AND i.mentions > 0"), '4|2', 'world ' . $world->seed . ': statements in other words are one node, whoever says them by which name');
	}
	return;
}

# What nobody shipped a place or a name for is asked, and goes where the gold file has it.
sub asks_the_model
{
	my ($way) = @_;
	my %own = %{ World::own_words() };
	for my $world (@worlds)
	{
		my $of = "graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = '" . graph($way, $world) . "')";
		is($node->kg("SELECT DISTINCT stage FROM kg_batch_internal.request WHERE $of AND chunk_id IS NULL AND state = 'answered' ORDER BY 1"),
			"kg_classify\nkg_merge\nkg_predicate", 'world ' . $world->seed . ': all three sorts of questions about the graph were asked');
		my ($label, $path) = $world->own_kind;
		is($node->kg("SELECT DISTINCT t.path FROM kg_batch_internal.node n JOIN kg_batch_internal.node_taxon t USING (graph_id, node_id) WHERE n.$of AND n.label = '$label' AND t.is_primary"),
			$path, '… a kind that is not in the taxonomy has its place');
		is($node->kg("SELECT string_agg(DISTINCT canonical, ' ') FROM kg_batch_internal.predicate_mapping WHERE $of AND state = 'mapped' AND name IN (" . join(', ', map { "'$_'" } sort keys %own) . ')'),
			join(' ', sort { $a cmp $b } List::Util::uniq(values %own)), '… a word that is not in the list stands for one that is');
	}
	return;
}

# Every block that is too large to be compared whole, and nothing else.
sub lists_its_caps
{
	my ($way) = @_;
	my $listed = of_each($way, "SELECT string_agg(n, ' ' ORDER BY n::int) FROM (SELECT substring(reason, '^\\d+') FROM kg_batch.review r WHERE r.graph_id = g.graph_id AND verdict IN ('block', 'large')) l (n)");
	my $large = of_each($way, "SELECT string_agg(n::text, ' ' ORDER BY n) FROM (SELECT count(*) FROM kg_batch_internal.block b WHERE b.graph_id = g.graph_id GROUP BY block_key HAVING count(*) > 17) l (n)");
	for my $world (@worlds)
	{
		is($listed->{ $world->seed }, $large->{ $world->seed }, 'world ' . $world->seed . ": $way->{name}: each block that was not compared whole is listed");
		cmp_ok((split / /, $listed->{ $world->seed })[-1] // 0, $world->is_crowded ? '>=' : '==', $world->is_crowded ? 40 : 0, '… the crowd among them');
	}
	return;
}

sub stuck
{
	diag("$_\n" . $node->kg($_)) for 'TABLE kg_batch_internal.ready', 'TABLE kg_batch_internal.claimed',
	  "SELECT graph_id, chunk_id, state, stage, folded FROM kg_batch_internal.chunk WHERE state <> 'done' OR NOT folded LIMIT 10",
	  "SELECT request_id, stage, state, attempt FROM kg_batch_internal.request WHERE state <> 'answered' LIMIT 10",
	  "SELECT graph_id, request_id, attempt, outcome, error, left(body, 300) FROM kg_batch_internal.answer WHERE outcome <> 'answered' LIMIT 10";
	diag("the stand-in says:\n", substr(slurp_file($sim->{log}), -2000));
	BAIL_OUT('it does not go on');
	return;
}
