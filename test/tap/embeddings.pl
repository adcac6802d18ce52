# Things that are called by other words are found by embeddings, where the extension
# vector is installed and a job names a model: each text is asked about once, what is
# near is a question to the model and joins nothing by itself, and without the
# extension or the setting nothing is asked.

use strict;
use warnings;

use KgBatch::Cluster;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

# Name, what it is in truth. No block of names brings the first two together, nor
# the two that a model is unsure of, nor the two with other numbers.
my %things = ('Big Apple' => 'new york', 'Nieuw Amsterdam' => 'new york', 'Tokyo' => 'tokyo', 'Quillmarsh' => 'quillmarsh',
	'Port Zemlin' => 'zemlin', 'Harrowgate' => 'harrow', 'District 11' => 'panem', 'Panem 12' => 'panem', 'Weststadt' => 'berlin', 'Spreemetropole' => 'berlin', 'Alt Karow' => 'karow', 'Neustrelau' => 'karow');
my %gold = (things => {}, sentences => {}, unsure => [ [ 'zemlin', 'harrow' ], [ 'karow', 'karow' ] ], kinds => { 'Entity bandersnatch' => 'entity > animal > cat', 'Entity jubjub' => 'entity > animal > bird' });
for my $name (keys %things)
{
	$gold{things}{$name} = { type => 'Entity', label => $name, class => 'place', category => 'city', named => JSON::PP::true, is => $things{$name} };
	$gold{sentences}{"I like $name."} = { facts => [ { text => "Somebody likes $name.", quote => "like $name", modality => 'asserted', negated => JSON::PP::false } ],
		statements => [ { type => 'State', label => 'admiration', category => 'preference', roles => [ [ 'experiencer', '@speaker' ], [ 'object', $name ] ] } ] };
}
# Kinds of which the taxonomy has no word.
for my $kind ('bandersnatch', 'jubjub')
{
	$gold{things}{"my $kind"} = { type => 'Entity', label => "Old \u$kind", class => 'animal', category => $kind, named => JSON::PP::true };
	$gold{sentences}{"I feed the $kind."} = { facts => [ { text => "Somebody feeds the $kind.", quote => "the $kind", modality => 'asserted', negated => JSON::PP::false } ],
		statements => [ { type => 'State', label => 'feeding', category => 'preference', roles => [ [ 'experiencer', '@speaker' ], [ 'object', "my $kind" ] ] } ] };
}
my $gold = PostgreSQL::Test::Utils::tempdir('embeddings') . '/gold.json';
append_to_file($gold, JSON::PP->new->canonical->encode(\%gold));

my $node = KgBatch::Cluster->with_stand_in('embeddings', sim => [ '--mode', 'oracle', '--gold', $gold, '--batch-turnaround-s', 1 ],
	settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off', 'kg_batch.batch_linger' => '200ms',
		'kg_batch.batch_poll_interval' => '200ms', 'kg_batch.batch_min_requests' => 1 });
my $sim = $node->sim;
my $model = 'text-embedding-3-small';
my $on = qq(,"embedding_model":"$model");

without_the_extension();
SKIP:
{
	skip 'the extension vector (pgvector) is not installed on this machine', 1
		unless $node->kg("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'");
	# Wherever it is.
	$node->kg('CREATE SCHEMA "Vec Tors"; CREATE EXTENSION vector SCHEMA "Vec Tors"');
	without_the_setting();
	each_text_is_asked_about_once();
	near_is_only_a_question();
	the_way_makes_no_difference();
	what_gets_no_answer();
	an_estimate_counts_them();
	forgotten_without_a_trace();
	kinds_find_taxa();
	what_was_there_before();
	dropped_again();
}

$node->stop('fast');
done_testing();

sub of_graph { return "graph_id = kg_batch.graph_id('$_[0]')"; }
sub digest { return $node->kg("SELECT kg_batch.graph_digest('$_[0]')"); }
sub is_done { return $node->wait_until("SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph = '$_[0]'", 60); }
sub calls { return $node->kg("SELECT COALESCE(sum(requests), 0) FROM kg_batch.cost WHERE graph = '$_[0]' AND stage = 'kg_embed'"); }
sub asked_at_the_api { return $sim->stats->{stages}{embeddings}{answers} // 0; }
sub texts { return $node->kg("SELECT count(*) FROM kg_batch_internal.embedding WHERE @{[of_graph($_[0])]} AND vector IS NOT NULL"); }
sub health { return $node->kg("SELECT ok, detail FROM kg_batch.health() WHERE name = 'embeddings'"); }

# Names that are one node, sorted.
sub together
{
	return $node->kg("SELECT COALESCE(string_agg(names, '; ' ORDER BY names COLLATE \"C\"), '') FROM (SELECT string_agg(label, ' = ' ORDER BY label COLLATE \"C\") AS names
		FROM kg_batch.identity WHERE @{[of_graph($_[0])]} AND type = 'Entity' GROUP BY node_id HAVING count(*) > 1) n");
}

sub pairs
{
	my ($graph, $verdict) = @_;
	return $node->kg("SELECT COALESCE(string_agg(names, '; ' ORDER BY names COLLATE \"C\"), '') FROM (SELECT LEAST(a.label COLLATE \"C\", b.label) || ' ' || GREATEST(a.label COLLATE \"C\", b.label) AS names
		FROM kg_batch.decision d JOIN kg_batch.identity a ON a.graph_id = d.graph_id AND a.identity_id = d.identity_a
		JOIN kg_batch.identity b ON b.graph_id = d.graph_id AND b.identity_id = d.identity_b WHERE d.@{[of_graph($graph)]} AND d.verdict = '$verdict') p");
}

# `@said`: key => names that Kim likes.
sub say
{
	my ($graph, @said) = @_;
	my @sql;
	while (my ($key, $names) = splice @said, 0, 2)
	{
		my $messages = join ',', map { qq{{"speaker": "Kim", "content": "I like $_."}} } @$names;
		push @sql, "SELECT kg_batch.enqueue('[$messages]', key => '$key', job => 'read', final => true, graph => '$graph')";
	}
	$node->kg(join ";\n", @sql);
	return;
}

sub read_in
{
	my ($graph, $options, @said) = @_;
	$sim->request('POST', '/_sim/reset');
	$node->kg("SELECT kg_batch.create_graph('$graph'); SELECT kg_batch.create_job('read', '{\"paused\":true$options}', graph => '$graph')");
	say($graph, @said);
	$node->kg("SELECT kg_batch.resume('read', graph => '$graph')");
	return ok(is_done($graph), "$graph: the job is done");
}

sub without_the_extension
{
	read_in('bare', $on, a => [ 'Big Apple', 'Tokyo' ], b => ['Nieuw Amsterdam']);
	is(asked_at_the_api(), 0, 'without the extension nothing is asked');
	is(calls('bare'), 0, '... nor entered in the ledger');
	is($node->kg("SELECT count(*) FROM kg_batch_internal.embedding"), 0, '... nor noted');
	is(together('bare'), '', '... and nothing is found by it');
	is(health(), "f|the extension vector (pgvector) is not installed in this database, so nothing is asked of $model", 'health says why');
	like($node->kg("SELECT hint FROM kg_batch.health() WHERE name = 'embeddings'"), qr/CREATE EXTENSION vector/, '... and what to do');
	return;
}

sub without_the_setting
{
	read_in('off', '', a => [ 'Big Apple', 'Nieuw Amsterdam' ]);
	is(asked_at_the_api(), 0, 'with the extension, but without the setting nothing is asked');
	is($node->kg("SELECT count(*) FROM kg_batch_internal.embedding WHERE @{[of_graph('off')]}"), 0, '... nor noted');
	is(together('off'), '', '... and nothing is found by it');
	is(health(), "t|by $model", 'health says of which model embeddings are asked');
	return;
}

sub each_text_is_asked_about_once
{
	read_in('once', $on, a => [ 'Big Apple', 'Tokyo' ], b => [ 'Nieuw Amsterdam', 'Tokyo' ]);
	is(calls('once'), 1, 'all texts are asked about in one request');
	my $stats = $sim->stats->{stages}{embeddings};
	is($stats->{answers}, 1, '... which was sent once');
	my ($cost, $tokens) = split /\|/, $node->kg("SELECT sum(cost), sum(input_tokens) FROM kg_batch.cost WHERE graph = 'once' AND stage = 'kg_embed'");
	cmp_ok($cost, '>', 0, '... costs something');
	cmp_ok(abs($cost - $stats->{usd}), '<', 1e-12, '... what it costs at the API');
	is($node->kg("SELECT sum(spent) = (SELECT sum(cost) FROM kg_batch.cost WHERE graph = 'once') FROM kg_batch_internal.job WHERE @{[of_graph('once')]}"), 't',
		'... and the job has spent that too');
	is(texts('once'), 4, 'each text has a vector: three towns and Kim');
	is($node->kg("SELECT string_agg(DISTINCT cardinality(vector)::text, ' ') FROM kg_batch_internal.embedding WHERE @{[of_graph('once')]}"), 512, '... of 512 dimensions');
	is($node->kg("SELECT count(*) FROM kg_batch_internal.embedding WHERE text IS NOT NULL"), 0, '... and its words are kept no longer');
	is(together('once'), 'Big Apple = Nieuw Amsterdam', 'two names of one town are one node');
	is(pairs('once', 'same'), 'Big Apple Nieuw Amsterdam', '... because a model said so');
	is(pairs('once', 'open') . pairs('once', 'different') . pairs('once', 'unsure'), '', '... which was asked about no other pair');
	say('once', c => [ 'Tokyo', 'Big Apple' ]);
	ok(is_done('once'), 'a further conversation is read');
	is(calls('once'), 1, '... with names that are known, nothing is asked');
	say('once', d => [ 'Tokyo', 'Quillmarsh' ]);
	ok(is_done('once'), 'one more is read');
	is(calls('once') . ' ' . texts('once'), '2 5', '... with a new name, about that alone');
	is($sim->stats->{stages}{embeddings}{repeated_answers}, 0, 'no question was sent twice');
	my $before = digest('once');
	$node->kg("SELECT kg_batch.rebuild('once')");
	ok(is_done('once'), 'it is rebuilt');
	is(digest('once'), $before, '... to the same graph');
	is(calls('once'), 2, '... without asking anything');
	is($node->kg("SELECT count(*) FROM kg_batch_internal.inquiry"), 0, 'no question is kept longer than until its answer was read');
	return;
}

sub near_is_only_a_question
{
	read_in('unsure', $on, a => [ 'Port Zemlin', 'District 11', 'Alt Karow' ], b => [ 'Harrowgate', 'Panem 12', 'Neustrelau' ]);
	is(together('unsure'), '', 'what is near is not the same by that');
	is(pairs('unsure', 'same') . pairs('unsure', 'open'), '', 'a veto keeps two that are near from being asked about');
	is($node->kg("SELECT count(*) FROM kg_batch_internal.near_text WHERE @{[of_graph('unsure')]} AND similarity >= 999"), 2, '... of which there are two, and two more');
	is(pairs('unsure', 'unsure'), 'Alt Karow Neustrelau', '... of whom a model was asked, and is not sure');
	is($node->kg("SELECT LEAST(label_a COLLATE \"C\", label_b) || ' ' || GREATEST(label_a COLLATE \"C\", label_b) FROM kg_batch.review WHERE @{[of_graph('unsure')]}"), 'Alt Karow Neustrelau', '... so a person is');
	return;
}

sub the_way_makes_no_difference
{
	my @said = (a => [ 'Big Apple', 'Tokyo' ], b => ['Nieuw Amsterdam'], c => [ 'Weststadt', 'Quillmarsh' ], d => ['Spreemetropole']);
	read_in('together', $on, @said);
	my $expected = digest('together');
	is(together('together'), 'Big Apple = Nieuw Amsterdam; Spreemetropole = Weststadt', 'two towns have two names each');
	read_in('batch', "$on,\"merge_by_batch\":true", @said);
	is(digest('batch'), $expected, 'by batch it is the same graph');
	is($node->kg("SELECT string_agg(DISTINCT mode, ' ') FROM kg_batch.cost WHERE graph = 'batch' AND stage = 'kg_embed' AND requests > 0"), 'batch', '... asked by batch');
	is($node->kg("SELECT string_agg(DISTINCT b.endpoint, ' ') FROM kg_batch_internal.batch b JOIN kg_batch_internal.request r USING (batch_id)
		WHERE r.@{[of_graph('batch')]} AND r.stage = 'kg_embed'"), '/v1/embeddings', '... of embeddings');
	is($node->kg("SELECT count(*) FROM kg_batch_internal.batch b WHERE (SELECT count(DISTINCT r.stage = 'kg_embed') FROM kg_batch_internal.request r WHERE r.batch_id = b.batch_id) > 1"), 0,
		'... which no other question shares');
	read_in('backwards', $on);
	for my $i (3, 2, 1, 0)
	{
		say('backwards', $said[ 2 * $i ], $said[ 2 * $i + 1 ]);
		ok(is_done('backwards'), "$said[2 * $i] is read");
	}
	is(digest('backwards'), $expected, 'one by one, the last first, it is the same graph');
	return;
}

sub what_gets_no_answer
{
	$sim->request('POST', '/_sim/reset');
	$node->kg("SELECT kg_batch.create_graph('refused'); SELECT kg_batch.create_job('read', '{\"paused\":true$on}', graph => 'refused')");
	say('refused', a => [ 'Big Apple', 'Nieuw Amsterdam' ]);
	$sim->fault({ fault => 'status', path => '/embeddings', status => 400, message => 'not today', count => 1 });
	$node->kg("SELECT kg_batch.resume('read', graph => 'refused')");
	ok(is_done('refused'), 'a job whose texts are refused is done');
	like($node->kg("SELECT reason FROM kg_batch.errors WHERE graph = 'refused' AND what = 'embedding' ORDER BY reason LIMIT 1"), qr/^"Big Apple \(city\)": .*not today/,
		'... and each stands in errors with its reason');
	is(together('refused'), '', '... so nothing is found by them');
	$node->kg("SELECT kg_batch.retry('read', graph => 'refused')");
	ok(is_done('refused'), 'asked once more');
	is(together('refused'), 'Big Apple = Nieuw Amsterdam', '... they are found');
	is($node->kg("SELECT count(*) FROM kg_batch.errors WHERE graph = 'refused'"), 0, '... and no error is left');
	return;
}

sub an_estimate_counts_them
{
	my @many = map { ("k$_" => ['Tokyo']) } 1 .. 25;
	read_in('many', $on, @many);
	$node->kg("SELECT kg_batch.create_job('more', '{\"paused\":true$on}', graph => 'many')");
	$node->kg("SELECT kg_batch.create_job('plain', '{\"paused\":true}', graph => 'many')");
	for my $job (qw(more plain))
	{
		$node->kg(join ";\n", map { qq{SELECT kg_batch.enqueue('[{"speaker": "Kim", "content": "I like Tokyo."}]', key => '$job$_', job => '$job', final => true, graph => 'many')} } 1 .. 60);
	}
	cmp_ok($node->kg("SELECT requests FROM kg_batch.estimate('more', 'many')"), '>', $node->kg("SELECT requests FROM kg_batch.estimate('plain', 'many')"),
		'an estimate has the embeddings of a job that asks for them');
	return;
}

sub forgotten_without_a_trace
{
	read_in('never', $on, a => [ 'Big Apple', 'Tokyo' ]);
	read_in('forgot', $on, a => [ 'Big Apple', 'Tokyo' ], x => [ 'Nieuw Amsterdam', 'Tokyo' ]);
	is(together('forgot'), 'Big Apple = Nieuw Amsterdam', 'before, two names are one');
	$node->kg("SELECT kg_batch.forget('x', graph => 'forgot')");
	ok(is_done('forgot'), 'a conversation is forgotten');
	is(digest('forgot'), digest('never'), '... and the graph is the one that never had it');
	is(texts('forgot'), texts('never'), '... down to the vectors of what only it named');
	return;
}

sub kinds_find_taxa
{
	my $taxon = sub { $node->kg("SELECT t.path FROM kg_batch.node n JOIN kg_batch.node_taxa t USING (graph_id, node_id) WHERE n.@{[of_graph($_[0])]} AND n.label = '$_[1]'"); };
	my $of = sub { $node->kg("SELECT count(*), count(vector) FROM kg_batch_internal.embedding WHERE @{[of_graph($_[0])]} AND sort = '$_[1]'"); };
	my $feed = sub { my ($graph, $kind, $key) = @_; $node->kg(qq{SELECT kg_batch.enqueue('[{"speaker": "Kim", "content": "I feed the $kind."}]', key => '$key', job => 'read', final => true, graph => '$graph')}); };
	my $taxa = $node->kg("SELECT count(*) FROM kg_batch_internal.shipped_taxon WHERE type = 'Entity'");
	$sim->request('POST', '/_sim/reset');
	for my $graph ('plain kinds', 'near kinds')
	{
		my $options = $graph eq 'near kinds' ? qq({"embedding_model":"$model"}) : '{}';
		$node->kg("SELECT kg_batch.create_graph('$graph'); SELECT kg_batch.create_job('read', '$options', graph => '$graph')");
		$feed->($graph, 'bandersnatch', 'a');
		ok(is_done($graph), "$graph: a kind that no taxon is called by");
	}
	is($taxon->('plain kinds', 'Old Bandersnatch'), 'entity > animal', 'words find no more than the branch');
	is($taxon->('near kinds', 'Old Bandersnatch'), 'entity > animal > cat', 'embeddings find the place');
	is($of->('plain kinds', 'taxon'), '0|0', 'without the setting no taxon is asked about');
	is($of->('near kinds', 'taxon'), "$taxa|$taxa", 'with it those of the type are');
	is($of->('near kinds', 'kind'), '1|1', '... and the kind');
	my $asked = $node->kg("SELECT sum(input_tokens) FROM kg_batch.cost WHERE graph = 'near kinds' AND stage = 'kg_embed'");
	my $before = $node->kg("SELECT kg_batch.graph_digest('near kinds')");
	$feed->('near kinds', 'jubjub', 'b');
	ok(is_done('near kinds'), 'another one');
	is($taxon->('near kinds', 'Old Jubjub'), 'entity > animal > bird', '... finds its place');
	is($of->('near kinds', 'taxon'), "$taxa|$taxa", '... and asks about no taxon again');
	cmp_ok($node->kg("SELECT sum(input_tokens) FROM kg_batch.cost WHERE graph = 'near kinds' AND stage = 'kg_embed'") - $asked, '<', 40, '... for a few tokens');
	is($node->kg("SELECT count(*) FROM kg_batch_internal.near_text WHERE @{[of_graph('near kinds')]}"), 0, 'what things are called is compared with none of it');
	$node->kg("SELECT kg_batch.forget('b', graph => 'near kinds')");
	ok(is_done('near kinds'), 'forgotten');
	is($of->('near kinds', 'kind'), '1|1', '... the kind has no vector any more');
	is($node->kg("SELECT kg_batch.graph_digest('near kinds')"), $before, '... and the graph never had it');
	return;
}
sub what_was_there_before
{
	is(together('bare'), '', 'what was read without the extension');
	$sim->request('POST', '/_sim/reset');
	$node->kg("SELECT kg_batch.rebuild('bare')");
	ok($node->wait_until("SELECT (SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph = 'bare') AND
		(SELECT count(*) FROM kg_batch_internal.embedding WHERE @{[of_graph('bare')]} AND vector IS NOT NULL AND NOT to_compare) = 4", 60), 'rebuilt with it');
	ok(is_done('bare'), '... to the end');
	is(together('bare'), 'Big Apple = Nieuw Amsterdam', '... is found by embeddings, too');
	return;
}

sub dropped_again
{
	my $before = digest('once');
	$node->kg('DROP EXTENSION vector');
	$node->kg("SELECT kg_batch.rebuild('once')");
	ok(is_done('once'), 'without the extension again');
	$sim->request('POST', '/_sim/reset');
	say('once', z => ['Weststadt']);
	ok(is_done('once'), '... conversations are read');
	is(asked_at_the_api(), 0, '... and nothing is asked');
	like(health(), qr/^f\|/, '... as health says');
	return;
}
