# What a person says of one thing or fact (split, retract, correct) holds, also for
# what comes later and over a rebuild, and is undone without a trace: the digest
# and the ids are what they were, in whatever order several words are undone.

use strict;
use warnings;

use KgBatch::Cluster;
use List::Util qw(shuffle);
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('persons_word', settings => { 'kg_batch.use_batch_api' => 'off' });

sub told
{
	my ($key, @said) = @_;
	$node->enqueue($key, @said);
	$node->kg('SELECT kg_batch.flush()');
	return ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}), "read: $key");
}
sub number { return $node->kg(@_); }
sub digest { return $node->kg('SELECT kg_batch.graph_digest()'); }
sub refused
{
	my ($sql, $why, $name) = @_;
	my ($out, $err) = ('', '');
	isnt($node->psql('kg', $sql, stdout => \$out, stderr => \$err), 0, "$name is refused");
	return like($err, $why, '… and the error says why');
}

# All nodes and edges with their ids.
sub ids
{
	return $node->kg(q{SELECT string_agg(x, E'\n' ORDER BY x) FROM (
		SELECT 'node ' || node_id || ' ' || label AS x FROM kg_batch.node
		UNION ALL SELECT 'identity ' || identity_id || ' ' || COALESCE(node_id, 0) FROM kg_batch.identity
		UNION ALL SELECT 'edge ' || source_id || ' ' || predicate || ' ' || target_id FROM kg_batch.edge) s});
}

# Nothing leads nowhere, nothing is empty, nothing waits; a node is known by the
# lowest key of its identities, so no two by one (an export pages by it).
sub sound
{
	my ($name) = @_;
	return is($node->kg(q{SELECT (SELECT count(*) FROM kg_batch_internal.node n WHERE NOT EXISTS (SELECT FROM kg_batch_internal.identity i
			WHERE i.graph_id = n.graph_id AND i.node_id = n.node_id))
		|| ' ' || (SELECT count(*) FROM kg_batch_internal.identity i WHERE i.node_id IS NULL OR i.mentions = 0 OR i.former_node_id IS NOT NULL
			OR (i.unresolved AND NOT i.is_statement) OR i.mentions <> (SELECT count(*) FROM kg_batch_internal.node_mention m
				WHERE m.graph_id = i.graph_id AND m.key = i.key AND m.live))
		|| ' ' || (SELECT count(*) FROM kg_batch_internal.node_mention m WHERE m.live AND NOT EXISTS (SELECT FROM kg_batch_internal.identity i
			WHERE i.graph_id = m.graph_id AND i.key = m.key))
		|| ' ' || (SELECT count(*) FROM kg_batch_internal.node_redirect r WHERE EXISTS (SELECT FROM kg_batch_internal.node n
			WHERE n.graph_id = r.graph_id AND n.node_id = r.old_node_id) OR NOT EXISTS (SELECT FROM kg_batch_internal.node n
			WHERE n.graph_id = r.graph_id AND n.node_id = r.node_id))
		|| ' ' || (SELECT count(*) FROM kg_batch_internal.node n WHERE n.is_statement AND NOT EXISTS (SELECT FROM kg_batch_internal.edge e
			WHERE e.graph_id = n.graph_id AND e.source_id = n.node_id))
		|| ' ' || (SELECT count(*) FROM kg_batch_internal.node n WHERE n.key IS DISTINCT FROM (SELECT min(i.key::text)::uuid FROM kg_batch_internal.identity i
			WHERE i.graph_id = n.graph_id AND i.node_id = n.node_id))}), '0 0 0 0 0 0', "$name: the graph is sound");
}

# The graph anew from mentions and words: as if nothing had ever been folded.
sub rebuild
{
	$node->kg(q{BEGIN;
		DELETE FROM kg_batch_internal.edge; DELETE FROM kg_batch_internal.alias; DELETE FROM kg_batch_internal.block;
		DELETE FROM kg_batch_internal.identity; DELETE FROM kg_batch_internal.node;
		DELETE FROM kg_batch_internal.node_redirect; DELETE FROM kg_batch_internal.former_identity;
		UPDATE kg_batch_internal.node_mention SET key = COALESCE(given_key, key), given_key = NULL, owner = COALESCE(given_owner, owner), given_owner = NULL, live = true;
		UPDATE kg_batch_internal.fact SET live = true;
		UPDATE kg_batch_internal.chunk SET folded = false WHERE folded;
		INSERT INTO kg_batch_internal.ready (graph_id, kind, chunk_id, priority, work, job_id)
			SELECT graph_id, 2, chunk_id, 0, 1, job_id FROM kg_batch_internal.chunk;
		COMMIT; SELECT kg_batch.start()});
	return ok($node->wait_until('SELECT bool_and(folded) FROM kg_batch_internal.chunk'), 'rebuilt');
}

my ($anna_at_work, $anna_of_club) = map { "SELECT min(n.node_id) FROM kg_batch.node n JOIN kg_batch.evidence v USING (graph_id, node_id)
	WHERE n.label = 'Anna' AND v.conversation || v.fact ~ '$_'" } 'work.*Rex', 'club.*Mia';

told('work', Anna => 'I adopted a dog called Rex.', Anna => 'I live in Oslo.', Anna => 'My mother lives in Porto.');
told('club', Anna => 'I adopted a cat called Mia.', Anna => 'I live in Oslo.', Anna => 'My mother lives in Rome.');
told('talk', Ben => 'Anna lives in Oslo.', Ben => 'I live in Bergen.');
my $anna = number($anna_at_work);
is(number($anna_of_club), $anna, 'one name is one thing to begin with');
is(number(q{SELECT count(*) FROM kg_batch.node WHERE label = 'mother'}), 1, '… with one mother');
is(number(q{SELECT count(*) FROM kg_batch.edge e JOIN kg_batch.node s ON s.node_id = e.source_id JOIN kg_batch.node t ON t.node_id = e.target_id
	WHERE s.is_statement AND t.is_statement}), 2, 'there are statements on statements');
my $homes = q{SELECT count(*) FROM kg_batch.links WHERE from_label = 'Anna' AND to_label = 'Oslo'};
my $homes_before = number($homes);
my ($digest, $ids) = (digest(), ids());
sound('to begin with');

# ---- split by conversation ----

refused("SELECT kg_batch.split($anna)", qr/needs either a conversation or facts.*HINT/s, 'a split by nothing');
refused("SELECT kg_batch.split($anna, 'club', '{1}')", qr/needs either/, 'a split by both');
refused("SELECT kg_batch.split($anna, 'clubs')", qr/conversation "clubs" does not exist/, 'an unknown conversation');
refused("SELECT kg_batch.split($anna, fact_ids => '{7}')", qr/fact 7 does not exist/, 'an unknown fact');
refused(q{SELECT kg_batch.split((SELECT node_id FROM kg_batch.node WHERE label = 'Rex'), 'talk')}, qr/nothing of node \d+ stands in conversation "talk"/, 'a split of nothing');
refused(q{SELECT kg_batch.split((SELECT node_id FROM kg_batch.node WHERE label = 'Rex'), 'work')}, qr/all of node \d+ stands in conversation/, 'a split of all');
refused('SELECT kg_batch.split((SELECT min(source_id) FROM kg_batch.edge), $$club$$)', qr/is a statement/, 'a split of a statement');
is(digest(), $digest, 'what is refused leaves no trace');

my $split = number("SELECT kg_batch.split($anna, 'club', reason => 'two Annas')");
is(number($anna_at_work), $anna, 'after a split the one keeps its id');
my $other = number($anna_of_club);
isnt($other, $anna, '… and what stands in the conversation is another');
is(number(q{SELECT count(*) FROM kg_batch.node WHERE label = 'mother'}), 2, '… with a mother of its own');
is(number(qq{SELECT string_agg(DISTINCT conversation, ' ') FROM kg_batch.evidence WHERE node_id = $other}), 'club', '… and nothing of other conversations');
is(number(qq{SELECT string_agg(DISTINCT conversation, ' ' ORDER BY conversation) FROM kg_batch.evidence WHERE node_id = $anna}), 'talk work', '… which stay with the one');
is(number($homes), $homes_before + 1, '… and what was one statement of both is two');
is(number(q{SELECT count(*) FROM kg_batch_internal.node_mention WHERE given_key IS NOT NULL AND given_key = key}), 0, 'the given key stands beside the one that counts');
is(number("SELECT count(*) FROM kg_batch.explain($other) WHERE decision_id = $split AND verdict = 'split' AND said = 'conversation club' AND reason = 'two Annas'"), 1,
	'explain shows it');
is(number("SELECT counts FROM kg_batch.word WHERE decision_id = $split AND verb = 'split' AND node_ids @> ARRAY[$anna, $other]::bigint[]"), 't', 'and the view of words');
is(number('SELECT count(*) FROM kg_batch.review'), 0, 'nobody is asked whether they are one');
sound('after a split');
my ($parted, $parted_ids) = (digest(), ids());
isnt($parted, $digest, 'the digest knows of it');

number("SELECT kg_batch.undo($split)");
is(digest(), $digest, 'undone, the digest is what it was');
is(ids(), $ids, '… and so are all ids');
is(number("SELECT count(*) FROM kg_batch.explain($other)"), number("SELECT count(*) FROM kg_batch.explain($anna)"), 'the id of the other one leads to the one');
refused("SELECT kg_batch.undo($split)", qr/is undone already/, 'undoing twice');
sound('after undo');

# Said again it is the same again, with the same ids.
$split = number("SELECT kg_batch.split($anna, 'club')");
is(digest(), $parted, 'split again, the digest is the same again');
is(ids(), $parted_ids, '… with the ids it had');

# ---- split, then merge ----

my $merge = number("SELECT kg_batch.merge($anna, $other)");
is(digest(), $digest, 'a merge of what was split off gives the digest back');
is(ids(), $ids, '… and the ids');
is(number("SELECT node_id FROM kg_batch.node_redirect WHERE old_node_id = $other"), $anna, '… and the other one\'s id leads to it');
is(number("SELECT counts FROM kg_batch.word WHERE decision_id = $split"), 'f', 'the split is shown as overruled');
sound('split, then merge');
number("SELECT kg_batch.undo($merge)");
is(digest(), $parted, 'without the merge the split counts again');
is(ids(), $parted_ids, '… with the ids it had');
$merge = number("SELECT kg_batch.merge($anna, $other)");
number("SELECT kg_batch.undo($split)");
is(digest(), $digest, 'undone below the merge, it is as before');
number("SELECT kg_batch.undo($merge)");
is(digest(), $digest, '… and without the merge too');
is(ids(), $ids, '… ids as well');

# ---- what comes later, and a rebuild ----

$split = number("SELECT kg_batch.split($anna, 'club')");
told('club', Anna => 'I visited Paris.');
told('work', Anna => 'I visited Rome.');
is(number(qq{SELECT count(*) FROM kg_batch.links WHERE from_id = $other AND to_label = 'Paris'}), 1, 'what comes later in the conversation is of the other one');
is(number(qq{SELECT count(*) FROM kg_batch.links WHERE from_id = $anna AND to_label = 'Rome'}), 1, '… and what comes elsewhere is not');
sound('something came later');
my $later = digest();
rebuild();
is(digest(), $later, 'a rebuild gives the same graph');
sound('after a rebuild');
number("SELECT kg_batch.undo($split)");
my $whole = digest();
rebuild();
is(digest(), $whole, 'undone, it leaves nothing that a rebuild would not make');
is(number(q{SELECT count(*) FROM kg_batch_internal.node_mention WHERE given_key IS NOT NULL OR given_owner IS NOT NULL}), 0, '… and all keys are the given ones');
$anna = number($anna_at_work);

# ---- split by facts ----

($digest, $ids) = (digest(), ids());
my $facts = q{ARRAY(SELECT fact_id FROM kg_batch.fact WHERE conversation = 'club' AND text ~ 'Mia')};
$split = number("SELECT kg_batch.split($anna, fact_ids => $facts)");
$other = number($anna_of_club);
isnt($other, $anna, 'what cites the facts is another thing');
# A mention is taken whole: that of the chunk in which the fact stands, not that of the next one.
is(number(qq{SELECT string_agg(DISTINCT (fact ~ 'Mia')::text || (fact ~ 'Paris')::text, ' ') FROM kg_batch.evidence WHERE node_id = $other AND fact ~ 'Mia|Paris'}),
	'truefalse', '… and what stands elsewhere in the conversation is not');
sound('split by facts');
# Of what is split off a part is split off again.
my $by_facts = digest();
my $second = number("SELECT kg_batch.split($anna, 'club')");
is(number(q{SELECT count(*) FROM kg_batch.node WHERE label = 'Anna'}), 3, 'the rest of the conversation is split off too');
sound('two splits');
number("SELECT kg_batch.undo($split)");
is(number(q{SELECT count(*) FROM kg_batch.node WHERE label = 'Anna'}), 2, 'without the first the second takes all of it');
sound('the second alone');
number("SELECT kg_batch.undo($second)");
is(digest(), $digest, 'both undone, the first before the second, the digest is what it was');
is(ids(), $ids, '… and the ids');

# ---- retract ----

my $fact = number(q{SELECT fact_id FROM kg_batch.fact WHERE conversation = 'work' AND text ~ 'Rex'});
refused('SELECT kg_batch.retract(7)', qr/fact 7 does not exist/, 'an unknown fact');
my $retracted = number("SELECT kg_batch.retract($fact, 'a joke')");
is(number("SELECT (SELECT count(*) FROM kg_batch.fact WHERE fact_id = $fact) + (SELECT count(*) FROM kg_batch.evidence WHERE fact_id = $fact)
	+ (SELECT count(*) FROM kg_batch.node_fact WHERE fact_id = $fact) + (SELECT count(*) FROM kg_batch.facts() WHERE fact_id = $fact)"), 0, 'no view shows what was retracted');
is(number(q{SELECT count(*) FROM kg_batch.node WHERE label = 'Rex'}), 0, '… nor what stood on it alone');
is(number("SELECT count(*) FROM kg_batch.node WHERE node_id = $anna"), 1, '… but what stands on others too');
is(number("SELECT string_agg(verb || reason || fact_ids::text, ' ') FROM kg_batch.word WHERE decision_id = $retracted"), "retracta joke{$fact}", 'the view of words has it');
sound('after a retraction');
refused("SELECT kg_batch.retract($fact)", qr/does not count already/, 'retracting twice');
my $without = digest();
rebuild();
is(digest(), $without, 'it holds over a rebuild');
number("SELECT kg_batch.undo($retracted)");
is(digest(), $digest, 'undone, the digest is what it was');
sound('after undo of a retraction');

# With the same ids, where nothing was made anew meanwhile.
$anna = number($anna_at_work);
$ids = ids();
number("SELECT kg_batch.undo(kg_batch.retract($fact))");
is(digest(), $digest, 'retracted and undone again');
is(ids(), $ids, '… all ids are what they were');

# ---- correct ----

my $rex = number(q{SELECT node_id FROM kg_batch.node WHERE label = 'Rex'});
my $goal = number(q{SELECT node_id FROM kg_batch.node WHERE type = 'State' AND node_id IN (SELECT source_id FROM kg_batch.edge WHERE target_label = 'Oslo') LIMIT 1});
refused("SELECT kg_batch.correct($rex, 'name', 'Max')", qr/"name" is no field.*Fields of such a node are label, category, class, add_alias, remove_alias/s, 'an unknown field');
refused("SELECT kg_batch.correct($rex, 'start_date', '2020')", qr/"start_date" is no field.*Entity/s, 'a field of statements');
refused("SELECT kg_batch.correct($goal, 'goal_status', 'active')", qr/"goal_status" is no field.*State/s, 'a field of goals');
refused("SELECT kg_batch.correct($rex, 'class', 'pet')", qr/"pet" is no class.*Valid is person, animal/s, 'an unknown class');
refused("SELECT kg_batch.correct($goal, 'end_date', '2023-02-30')", qr/"2023-02-30" is no end_date.*YYYY-MM-DD/s, 'a day that there is not');
refused("SELECT kg_batch.correct($rex, 'label', NULL)", qr/null is no label/, 'a label of nothing');
refused("SELECT kg_batch.correct($rex, 'label', ' ')", qr/is no label/, 'an empty label');
my @corrections = map { number($_) } "SELECT kg_batch.correct($rex, 'label', 'Rexy')", "SELECT kg_batch.correct($rex, 'label', 'Tyrannosaurus')",
	"SELECT kg_batch.correct($rex, 'class', 'work')", "SELECT kg_batch.correct($rex, 'category', 'film')", "SELECT kg_batch.correct($rex, 'add_alias', 'T.')",
	"SELECT kg_batch.correct($goal, 'end_date', '2022-03')", "SELECT kg_batch.correct($goal, 'start_date', '2019')", "SELECT kg_batch.correct($rex, 'remove_alias', 'Rex')",
	"SELECT kg_batch.correct($goal, 'end_date', NULL)";
is(number("SELECT concat_ws(' ', label, class, category, aliases) FROM kg_batch.node WHERE node_id = $rex"), 'Tyrannosaurus work film {T.}', 'a person\'s values are shown, the later ones');
is(number("SELECT concat_ws(' ', start_date, start_how, COALESCE(end_date, 'none'), COALESCE(end_how, 'none')) FROM kg_batch.node WHERE node_id = $goal"), '2019 actual none none', '… of statements too');
is(number(q{SELECT count(*) FROM kg_batch.facts('tyrannosaurus')}), number("SELECT count(*) FROM kg_batch.facts('$rex')"), 'by the corrected label the facts are found');
is(number(q{SELECT count(*) FROM kg_batch.facts('t.')}), number("SELECT count(*) FROM kg_batch.facts('$rex')"), '… and by the alias');
is(number("SELECT count(*) FROM kg_batch.explain($rex) WHERE said = 'class: work' AND verdict = 'correct'"), 1, 'explain shows them');
told('zoo', Anna => 'I adopted a dog called Rex.');
is(number("SELECT label FROM kg_batch.node WHERE node_id = $rex"), 'Tyrannosaurus', 'what is said later does not beat it');
my $corrected = digest();
rebuild();
is(digest(), $corrected, 'they hold over a rebuild');
$rex = number(q{SELECT node_id FROM kg_batch.node WHERE label = 'Tyrannosaurus'});
number("SELECT kg_batch.undo($corrections[1])");
is(number("SELECT label FROM kg_batch.node WHERE node_id = $rex"), 'Rexy', 'without the later the earlier holds');
number("SELECT kg_batch.undo($_)") for grep { $_ != $corrections[1] } @corrections;
is(number("SELECT concat_ws(' ', label, class, category, aliases) FROM kg_batch.node WHERE node_id = $rex"), 'Rex animal dog {}', 'without any it is what conversations say');

$anna = number($anna_at_work);

# A correction goes along when its thing is joined and stays with it when it is parted.
my $mia = number(q{SELECT node_id FROM kg_batch.node WHERE label = 'Mia'});
number("SELECT kg_batch.correct($mia, 'label', 'Mimi')");
$merge = number("SELECT kg_batch.merge($mia, $rex)");
is(number("SELECT label FROM kg_batch.node WHERE node_id IN ($mia, $rex)"), 'Mimi', 'it goes along when things are joined');
number("SELECT kg_batch.undo($merge)");
is(number(q{SELECT string_agg(label, ' ' ORDER BY label) FROM kg_batch.node WHERE label IN ('Mia', 'Mimi', 'Rex')}), 'Mimi Rex', '… and stays with its own');
# A statement is corrected whoever takes part in it afterwards.
my $home = number(q{SELECT s.node_id FROM kg_batch.node s JOIN kg_batch.evidence v USING (node_id) JOIN kg_batch.edge e ON e.source_id = s.node_id
	WHERE e.target_label = 'Mimi' AND s.type = 'State' AND v.conversation = 'club' LIMIT 1});
number("SELECT kg_batch.correct($home, 'start_date', '2018')");
$split = number("SELECT kg_batch.split($anna, 'club')");
is(number(q{SELECT string_agg(DISTINCT s.start_date, ' ') FROM kg_batch.node s JOIN kg_batch.edge e ON e.source_id = s.node_id WHERE e.target_label = 'Mimi' AND s.type = 'State'}),
	'2018', 'a correction of a statement holds when its participant is split');
is(number("SELECT count(*) FROM kg_batch.node WHERE node_id = $home"), 1, '… and the statement keeps its id');
number("SELECT kg_batch.undo($split)");

# A date that a person corrects is the one of the period, and contradicts nothing.
$node->kg(q{SELECT kg_batch.create_graph('dates')});
sub dated
{
	my ($key, $at, $words) = @_;
	$node->kg(qq{SELECT kg_batch.enqueue('[{"speaker": "Anna", "sent_at": "${at}T12:00Z", "content": "$words"}]', key => '$key', final => true, graph => 'dates')});
	return ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}), "read: $words");
}
dated('one', '2024-01-01', 'I started working at Acme in May 2019.');
dated('two', '2024-01-03', 'I started working at Acme in June 2020.');
my $job = number(q{SELECT n.node_id FROM kg_batch.node n JOIN kg_batch.graph g USING (graph_id) WHERE g.name = 'dates' AND n.label = 'Employment'});
my $periods = qq{SELECT string_agg(concat_ws('..', since, until), ' ' ORDER BY since) FROM kg_batch.validity('{$job}', graph => 'dates')};
my $contradictions = q{SELECT count(*) FROM kg_batch.review WHERE verdict = 'dates'};
is(number($contradictions), 1, 'two starts contradict each other');
my ($found, $dated) = (number($periods), number(q{SELECT kg_batch.graph_digest('dates')}));
my $start = number("SELECT kg_batch.correct($job, 'start_date', '2018-03-01', graph => 'dates')");
is(number($contradictions), 0, '… until a person says which it is');
is(number($periods), '2018-03-01', '… which is where the period begins');
my $end = number("SELECT kg_batch.correct($job, 'end_date', '2022-09-30', graph => 'dates')");
is(number($periods), '2018-03-01..2022-10-01', '… and an end is where it ends');
isnt(number(q{SELECT kg_batch.graph_digest('dates')}), $dated, 'the digest knows of it');
number("SELECT kg_batch.undo($start, 'dates'), kg_batch.undo($end, 'dates')");
is(number($periods), $found, 'undone, it is what was said');
is(number(q{SELECT kg_batch.graph_digest('dates')}), $dated, '… by the digest too');

# ---- exact undo: unmerge, then merge, with three ----

my @three = split /\n/, number(q{SELECT node_id FROM kg_batch.node WHERE label IN ('Oslo', 'Bergen', 'Paris') ORDER BY 1});
is(@three, 3, 'three places');
number("SELECT kg_batch.merge($three[0], $three[1]), kg_batch.merge($three[0], $three[2])");
my ($joined, $joined_ids) = (digest(), ids());
my $one = number('SELECT node_id FROM kg_batch.node WHERE node_id IN (' . join(', ', @three) . ')');
my $parting = number("SELECT kg_batch.unmerge($one, ARRAY(SELECT min(identity_id) FROM kg_batch.identity WHERE node_id = $one))");
isnt(digest(), $joined, 'unmerge parts them');
sound('unmerge');
my ($a, $b) = split /\n/, number(q{SELECT DISTINCT node_id FROM kg_batch.identity WHERE label IN ('Oslo', 'Bergen', 'Paris') ORDER BY 1});
$merge = number("SELECT kg_batch.merge($a, $b)");
is(digest(), $joined, 'unmerge, then merge: the digest is back');
is(ids(), $joined_ids, '… with the ids');
refused("SELECT kg_batch.undo((SELECT max(decision_id) FROM kg_batch.decision WHERE part_of = $parting))", qr/is part of decision $parting.*HINT/s, 'undoing a part');
number("SELECT kg_batch.undo($parting)");
is(digest(), $joined, '… the parting undone, too');
number("SELECT kg_batch.undo($merge)");
is(digest(), $joined, '… and the merge');

# ---- split, then merge, of what is several identities ----

$split = number("SELECT kg_batch.split($one, 'talk')");
my @parts = split /\n/, number(q{SELECT DISTINCT node_id FROM kg_batch.identity WHERE label IN ('Oslo', 'Bergen', 'Paris') ORDER BY 1});
is(@parts, 2, 'what is split off several identities is one thing');
is(number("SELECT count(*) FROM kg_batch.identity WHERE node_id = $parts[1]"), 2, '… of several');
sound('a split of several');
my $halves = digest();
$merge = number("SELECT kg_batch.merge($parts[1], $parts[0])");
is(digest(), $joined, 'merged, the digest is back');
is(ids(), $joined_ids, '… with the ids');
number("SELECT kg_batch.undo($merge)");
is(digest(), $halves, 'without the merge the split counts');
number("SELECT kg_batch.undo($split)");
is(digest(), $joined, 'and without the split they are whole');
is(ids(), $joined_ids, '… with the ids');

# ---- several words, undone in every order ----

srand 7;
my @words = (
	"SELECT kg_batch.split(($anna_at_work), 'club')",
	q{SELECT kg_batch.retract(fact_id) FROM kg_batch.fact WHERE conversation = 'club' AND text ~ 'Rome'},
	q{SELECT kg_batch.merge(a.node_id, b.node_id) FROM kg_batch.node a, kg_batch.node b WHERE a.label = 'Rex' AND b.label = 'Mimi'},
	"SELECT kg_batch.split(($anna_at_work), fact_ids => ARRAY(SELECT fact_id FROM kg_batch.fact WHERE conversation = 'work' AND text ~ 'Porto'))",
	q{SELECT kg_batch.correct(node_id, 'label', 'mum') FROM kg_batch.node WHERE label = 'mother' ORDER BY node_id LIMIT 1},
	q{SELECT kg_batch.merge(min(node_id), max(node_id)) FROM kg_batch.node WHERE label = 'Anna'},
	q{SELECT kg_batch.correct(source_id, 'start_date', '2001') FROM kg_batch.edge WHERE target_label = 'Rome' ORDER BY 1 LIMIT 1},
	q{SELECT kg_batch.keep_apart(a.node_id, b.node_id) FROM kg_batch.node a, kg_batch.node b WHERE a.label = 'Ben' AND b.label = 'Rome'},
);
($digest, $ids) = (digest(), ids());
for my $round (1 .. 6)
{
	my @said = map { number($_) } @words;
	is(scalar(grep { /^\d+$/ } @said), scalar @words, "round $round: all was said");
	sound("round $round");
	my @order = $round == 1 ? reverse @said : $round == 2 ? @said : shuffle @said;
	for my $word (@order)
	{
		number("SELECT kg_batch.undo($word)");
		sound("round $round, without $word");
	}
	is(digest(), $digest, "round $round: undone in some order, the digest is what it was");
	is(ids(), $ids, "round $round: and so are the ids");
}

# ---- rights ----

$node->safe_psql('kg', q{CREATE ROLE writer LOGIN; SELECT kg_batch.grant_access('writer', 'writer')});
for my $call ("split($anna, 'club')", "retract($fact)", "correct($anna, 'label', 'x')")
{
	my $err = '';
	$node->psql('kg', "SELECT kg_batch.$call", extra_params => [ '-U', 'writer' ], stderr => \$err);
	like($err, qr/permission denied/, "who is not admin of the graph cannot call $call");
}

$node->stop('fast');
done_testing();
