# Kinds and roles of statements in a model's own words are asked about once for all.
# What a word stands for holds for what was read before and after; two that differ
# in the word alone are one node, nothing is lost for want of an answer, and what is
# forgotten leaves nothing of it behind.

use strict;
use warnings;

use JSON::PP ();
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $true = JSON::PP::true;
sub person { return { type => 'Entity', label => $_[0], class => 'person', category => 'person', named => $true, @_[ 1 .. $#_ ] }; }
sub state_of_things
{
	my ($label, $category, @roles) = @_;
	return { type => 'State', label => $label, category => $category, roles => \@roles };
}
my @bruno = ([ 'spouse', 'anna' ], [ 'spouse', 'bruno' ]);
my @emil = ([ 'spouse', 'anna' ], [ 'spouse', 'emil' ]);
my %gold = (
	things => {
		anna => person('Anna', participant => $true), (map { lc $_ => person($_) } qw(Bruno Emil)),
		map { lc $_ => { type => 'Entity', label => $_, class => 'place', category => 'city', named => $true } } qw(Linz Graz),
	},
	sentences => {
		'I am hitched to Bruno.' => { facts => ['Anna is hitched to Bruno.'], statements => [ state_of_things('union', 'hitched life', @bruno) ] },
		'Bruno is my husband.' => { facts => ['Bruno is the husband of Anna.'], statements => [ state_of_things('union', 'marriage', @bruno) ] },
		'I am not hitched to Bruno.' => {
			facts => [ { text => 'Anna is not hitched to Bruno.', negated => $true } ],
			statements => [ state_of_things('union', 'hitched life', @bruno) ],
		},
		# Of which the word is known when they come one by one.
		'I am hitched to Emil.' => { facts => ['Anna is hitched to Emil.'], statements => [ state_of_things('union', 'hitched life', @emil) ] },
		'Emil is my husband.' => { facts => ['Emil is the husband of Anna.'], statements => [ state_of_things('union', 'marriage', @emil) ] },
		'I live in Linz.' => { facts => ['Anna lives in Linz.'], statements => [ state_of_things('home', 'residence', [ 'resident', 'anna' ], [ 'place', 'linz' ]) ] },
		'I have had my digs in Graz since May 2020.' => {
			facts => ['Anna has had her digs in Graz since May 2020.'],
			statements => [ { %{ state_of_things('home', 'having digs', [ 'resident', 'anna' ], [ 'place', 'graz' ]) }, start => { date => '2020-05', how => 'actual' } } ],
		},
		'I am bossed around by Emil.' => {
			facts => ['Anna is bossed around by Emil.'],
			statements => [ state_of_things('lead', 'being bossed by', [ 'agent', 'anna' ], [ 'object', 'emil' ]) ],
		},
		'Emil manages me.' => {
			facts => ['Emil manages Anna.'], statements => [ state_of_things('lead', 'management', [ 'agent', 'emil' ], [ 'object', 'anna' ]) ],
		},
		'I am coached by Emil.' => {
			facts => ['Anna is coached by Emil.'],
			statements => [ state_of_things('lessons', 'education', [ 'other', 'anna', 'apprentice of' ], [ 'other', 'emil', 'coached by' ]) ],
		},
		'Emil teaches me.' => {
			facts => ['Emil teaches Anna.'], statements => [ state_of_things('lessons', 'education', [ 'student', 'anna' ], [ 'teacher', 'emil' ]) ],
		},
		'I yodel.' => { facts => ['Anna yodels.'], statements => [ state_of_things('yodelling', 'yodel craze', [ 'agent', 'anna' ]) ] },
	},
	predicates => {
		'hitched life' => 'marriage', 'having digs' => 'residence',
		'being bossed by' => { canonical => 'management', inverse => $true },
		'coached by' => 'teacher',
		# The word stands at the other side: "apprentice of" at the one who has a teacher.
		'apprentice of' => { canonical => 'teacher', inverse => $true },
	},
);
$_->{by} = 'anna' for values %{ $gold{sentences} };
my $file = PostgreSQL::Test::Utils::tempdir('gold') . '/gold.json';
append_to_file($file, JSON::PP->new->ascii->canonical->encode(\%gold));

my $node = KgBatch::Cluster->with_stand_in('predicates_asked', sim => [ '--mode', 'oracle', '--gold', $file ],
	settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off' });
my $sim = $node->sim;
my @all = (
	[ hitched => 'I am hitched to Bruno.' ], [ husband => 'Bruno is my husband.' ],
	[ denied => 'I am not hitched to Bruno.' ], [ emil => 'I am hitched to Emil.' ], [ other => 'Emil is my husband.' ], [ linz => 'I live in Linz.' ], [ digs => 'I have had my digs in Graz since May 2020.' ], [ bossed => 'I am bossed around by Emil.' ], [ manages => 'Emil manages me.' ],
	[ coached => 'I am coached by Emil.' ], [ teaches => 'Emil teaches me.' ], [ yodel => 'I yodel.' ]);
my @words = ('kind being bossed by', 'kind having digs', 'kind hitched life', 'kind yodel craze', 'role apprentice of', 'role coached by');

asked_once_for_all();
before_or_after_makes_no_difference();
what_differs_in_the_word_alone_is_one();
an_exclusive_kind_ends_what_was_before();
what_gets_no_answer();
what_is_too_little_sure_stays();
forgetting();
rebuilding();

$node->stop('fast');
done_testing();

sub scalar_of { return $node->kg(@_); }
sub digest { return scalar_of("SELECT kg_batch.graph_digest('$_[0]')"); }
sub of_graph { return "graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = '$_[0]')"; }
sub calls { return scalar_of("SELECT COALESCE(sum(requests), 0) FROM kg_batch.cost WHERE graph = '$_[0]' AND stage = 'kg_predicate'"); }
sub is_done { return $node->wait_until("SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph = '$_[0]'", 60); }
sub mapping { return scalar_of("SELECT concat_ws(' ', state, canonical, CASE WHEN inverse THEN 'inverse' END) FROM kg_batch_internal.predicate_mapping WHERE @{[of_graph($_[0])]} AND name = '$_[1]'"); }
sub errors { return scalar_of("SELECT count(*) FROM kg_batch.errors WHERE @{[of_graph($_[0])]} AND what = 'word' AND hint ~ 'retry'"); }
# Statements as "label kind: role who, role who", negated ones with "not", each node once.
sub statements
{
	my ($graph, $label) = @_;
	return scalar_of(qq{SELECT string_agg(s, '; ' ORDER BY s COLLATE "C") FROM (SELECT CASE WHEN n.negated THEN 'not ' ELSE '' END || n.mentions || ' ' ||
		(SELECT string_agg(e.predicate || ' ' || e.target_label, ', ' ORDER BY e.predicate COLLATE "C", e.target_label) FROM kg_batch.edge e WHERE e.graph_id = n.graph_id AND e.source_id = n.node_id) AS s
		FROM kg_batch.node n WHERE n.@{[of_graph($graph)]} AND n.label = '$label') x});
}

sub told
{
	my ($graph, $key, $said) = @_;
	my $day = $key eq 'digs' ? '2024-01-01' : '2019-01-01';
	return qq{SELECT kg_batch.enqueue('[{"speaker": "Anna", "id": "1", "sent_at": "${day}T12:00Z", "content": "$said"}]', key => '$key', job => 'read', final => true, graph => '$graph')};
}

# All at once.
sub begin
{
	my ($graph, $options, @told) = @_;
	$node->kg(join ";\n", "SELECT kg_batch.create_graph('$graph')", "SELECT kg_batch.create_job('read', '{\"paused\":true$options}', graph => '$graph')",
		(map { told($graph, @$_) } @told), "SELECT kg_batch.resume('read', graph => '$graph')");
	return;
}

sub one_by_one
{
	my ($graph, @told) = @_;
	$node->kg("SELECT kg_batch.create_graph('$graph'); SELECT kg_batch.create_job('read', '{}', graph => '$graph')");
	for my $one (@told)
	{
		$node->kg(told($graph, @$one));
		is_done($graph) or return fail("$graph: $one->[0] is read");
	}
	return pass("$graph: everything is read");
}

sub asked_once_for_all
{
	begin('at once', '', @all);
	ok(is_done('at once'), 'the job is done');
	is(scalar_of(qq{SELECT string_agg(sort || ' ' || name, ', ' ORDER BY sort, name) FROM kg_batch_internal.predicate_mapping WHERE @{[of_graph('at once')]}}),
		join(', ', @words), 'what no list has was noted, and nothing else');
	is(scalar_of("SELECT string_agg(DISTINCT state, ' ' ORDER BY state) FROM kg_batch_internal.predicate_mapping WHERE @{[of_graph('at once')]}"), 'kept mapped',
		'the job is done when everything is answered');
	is(calls('at once'), 2, 'kinds in one call, roles in another');
	is(mapping('at once', 'yodel craze'), 'kept', 'of what nothing means the same stays as it is');
	is(scalar_of("SELECT category FROM kg_batch.node WHERE @{[of_graph('at once')]} AND label = 'yodelling'"), 'yodel craze', 'and says so');
	$node->kg(told('at once', 'more', 'I am hitched to Bruno.'));
	ok(is_done('at once'), 'another conversation with a word that is known');
	is(calls('at once'), 2, 'asks nothing');
	is(scalar_of('SELECT count(*) FROM kg_batch_internal.inquiry'), 0, 'no question is kept longer than until its answer was read');
	return;
}

sub before_or_after_makes_no_difference
{
	one_by_one('one by one', @all, [ more => 'I am hitched to Bruno.' ]);
	one_by_one('the other way', reverse @all, [ more => 'I am hitched to Bruno.' ]);
	is(digest($_), digest('at once'), "$_ it is the same graph") for 'one by one', 'the other way';
	cmp_ok(calls('one by one'), '<=', scalar @words, 'no word was asked about twice');
	return;
}

sub what_differs_in_the_word_alone_is_one
{
	for my $graph ('at once', 'one by one')
	{
		like(statements($graph, 'union'), qr/(^|; )3 spouse Anna, spouse Bruno/, "$graph: two words for one relation are one node");
		like(statements($graph, 'union'), qr/not 1 spouse Anna, spouse Bruno/, "$graph: what is denied stays apart");
		is(statements($graph, 'lead'), '2 agent Emil, object Anna', "$graph: what is said from the other end is the same, with roles that changed places");
		is(statements($graph, 'lessons'), '2 student Anna, teacher Emil', "$graph: roles in words of a model's own are one with those they stand for");
		is(scalar_of("SELECT count(*) FROM kg_batch.edge e WHERE e.@{[of_graph($graph)]} AND NOT EXISTS (SELECT FROM kg_batch.evidence v WHERE v.edge_id = e.edge_id)"), 0,
			"$graph: every edge has its evidence");
		is(scalar_of("SELECT count(DISTINCT v.quote) FROM kg_batch.evidence v JOIN kg_batch.edge e USING (edge_id) WHERE e.@{[of_graph($graph)]} AND e.source_label = 'lead' AND e.predicate = 'agent'"), 2,
			"$graph: from both ends");
	}
	return;
}

sub an_exclusive_kind_ends_what_was_before
{
	for my $graph ('at once', 'the other way')
	{
		is(scalar_of(qq{SELECT string_agg(concat_ws(' ', e.target_label, v.status, v.until), ', ' ORDER BY e.target_label) FROM kg_batch.validity(NULL, '2024-01-02', '$graph') v
			JOIN kg_batch.edge e ON e.source_id = v.node_id WHERE e.predicate = 'place'}),
			'Graz last known, Linz ended 2020-05-01', "$graph: a word for an exclusive kind ends the State before");
	}
	return;
}

sub what_gets_no_answer
{
	$sim->fault({ fault => 'bad_schema', stage => 'kg_predicate', count => 1000 });
	begin('silent', ',"max_attempts":2', @all, [ more => 'I am hitched to Bruno.' ]);
	ok(is_done('silent'), 'the job ends without an answer');
	is(errors('silent'), scalar @words, 'each word that was given up stands in errors, with what to do');
	is(scalar_of("SELECT count(*) FROM kg_batch_internal.predicate_mapping WHERE @{[of_graph('silent')]} AND state = 'kept' AND error <> '' AND asked = 2"), scalar @words,
		'it was asked twice, says why it was given up, and stands for itself');
	is(scalar_of("SELECT count(*) FROM kg_batch.fact WHERE @{[of_graph('silent')]}"), scalar_of("SELECT count(*) FROM kg_batch.fact WHERE @{[of_graph('at once')]}"),
		'no fact is lost');
	is(statements('silent', 'lead'), '1 agent Anna, object Emil; 1 agent Emil, object Anna', 'statements are there as they were told');
	$sim->request('DELETE', '/_sim/faults');
	$node->kg("SELECT kg_batch.retry('read', graph => 'silent')");
	ok($node->wait_until("SELECT bool_and(error IS NULL AND state IN ('mapped', 'kept')) FROM kg_batch_internal.predicate_mapping WHERE @{[of_graph('silent')]}"), 'retry asks once more');
	ok(is_done('silent'), 'and the job is done again');
	is(errors('silent'), 0, 'nothing is left in errors');
	is(digest('silent'), digest('at once'), 'and it is the same graph');
	return;
}

sub what_is_too_little_sure_stays
{
	begin('unsure', ',"merge_confidence":1', @all);
	ok(is_done('unsure'), 'a job that wants certainty is done');
	is(scalar_of("SELECT count(*) FROM kg_batch_internal.predicate_mapping WHERE @{[of_graph('unsure')]} AND state = 'mapped'"), 0, 'what the model says with less maps nothing');
	is(scalar_of("SELECT reason FROM kg_batch_internal.predicate_mapping WHERE @{[of_graph('unsure')]} AND name = 'having digs'"), 'residence, but less sure than merge_confidence',
		'and says why');
	return;
}

sub forgetting
{
	# The example of one word goes, the other word goes with it.
	my @rest = grep { $_->[0] !~ /^(hitched|digs)$/ } @all;
	one_by_one('forgotten', @all);
	one_by_one('never told', @rest);
	my ($chunk) = split /\|/, scalar_of("SELECT chunk_id FROM kg_batch_internal.predicate_mapping WHERE @{[of_graph('forgotten')]} AND name = 'hitched life'");
	my $before = calls('forgotten');
	$node->kg("SELECT kg_batch.forget('$_', graph => 'forgotten')") for 'hitched', 'digs';
	is(mapping('forgotten', 'having digs'), '', 'a word that nothing uses any more is gone');
	ok($node->wait_until("SELECT state = 'mapped' FROM kg_batch_internal.predicate_mapping WHERE @{[of_graph('forgotten')]} AND name = 'hitched life'"), 'one that others use is asked about again');
	ok(is_done('forgotten'), 'and the job is done');
	is(calls('forgotten'), $before + 1, 'it alone');
	is(scalar_of("SELECT f.text FROM kg_batch_internal.predicate_mapping m JOIN kg_batch_internal.fact f ON f.graph_id = m.graph_id AND f.chunk_id = m.chunk_id AND f.n = m.fact
		WHERE m.@{[of_graph('forgotten')]} AND m.name = 'hitched life'"), 'Anna is not hitched to Bruno.', 'with an example that is not forgotten');
	is(digest('forgotten'), digest('never told'), 'and the graph is the one that never had it');
	return;
}

sub rebuilding
{
	my ($digest, $calls) = (digest('one by one'), calls('one by one'));
	$node->kg("SELECT kg_batch.rebuild(graph => 'one by one')");
	is(digest('one by one'), $digest, 'a graph that is computed again is the same');
	ok(is_done('one by one'), 'its job is done');
	is(calls('one by one'), $calls, 'and nothing was asked again');
	$node->kg("SELECT kg_batch.drop_graph('one by one')");
	is(scalar_of('SELECT count(*) FROM kg_batch_internal.predicate_mapping m WHERE NOT EXISTS (SELECT FROM kg_batch_internal.graph g WHERE g.graph_id = m.graph_id)'), 0,
		'with a graph its words are gone');
	return;
}
