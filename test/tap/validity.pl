# When States held follows from what was said of them: what is left and taken up
# again has two periods, a later residence ends the one before, and the words that
# closed one being gone, it is open again. The order in which it was said to
# kg_batch does not matter.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('validity', settings => { 'kg_batch.use_batch_api' => 'off' });

sub told
{
	my ($graph, $key, @messages) = @_;
	my $json = join ', ', map { qq({"speaker": "$_->[1]", "id": "$_->[0]", "sent_at": "$_->[0]T12:00Z", "content": "$_->[2]"}) } @messages;
	$node->kg("SELECT kg_batch.enqueue('[$json]', key => '$key', final => true, graph => '$graph')");
	return ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}), "read: $key of $graph");
}
sub shown { return $node->kg(@_); }
sub known_on
{
	my ($day, $graph) = @_;
	return shown(qq{SELECT string_agg(concat_ws(' ', from_label, split_part(relation, ' (', 1), to_label || ':', status, COALESCE(since::text, '') || '..' || COALESCE(until::text, '')), E'\\n'
		ORDER BY from_label, to_label COLLATE "C") FROM kg_batch.as_of('$day 12:00Z', graph => '$graph')});
}

my @boston = ([ '2020-02-01', 'Anna', 'I live in Boston.' ], [ '2020-02-02', 'Anna', 'I work at Acme.' ]);
my @graz = ([ '2022-05-03', 'Anna', 'I moved to Graz in April 2022.' ]);
my @left = ([ '2021-06-05', 'Anna', 'I no longer work at Acme.' ]);
my @again = ([ '2023-01-09', 'Anna', 'I work at Acme.' ]);

$node->kg("SELECT kg_batch.create_graph('$_')") for 'forth', 'back', 'never moved';
told('forth', 'boston', @boston);
told('forth', 'graz', @graz);
told('forth', 'left', @left);
told('forth', 'again', @again);
told('back', 'again', @again);
told('back', 'left', @left);
told('back', 'graz', @graz);
told('back', 'boston', @boston);
is(shown("SELECT kg_batch.graph_digest('back')"), shown("SELECT kg_batch.graph_digest('forth')"), 'the other way round it is the same graph');

is(known_on('2020-01-01', 'forth'), '', 'nothing is known of a day before anybody said anything');
is(known_on('2020-02-01', 'forth'), 'Anna Residence Boston: holds ..2022-04-01', 'what was said on a day holds on that day');
is(known_on('2021-06-05', 'forth'), "Anna Employment Acme: holds ..2021-06-06\nAnna Residence Boston: holds ..2022-04-01", 'a job holds to the day of its end');
is(known_on('2021-06-06', 'forth'), "Anna Employment Acme: ended ..2021-06-06\nAnna Residence Boston: holds ..2022-04-01", '… and not longer');
is(known_on('2022-04-01', 'forth'), "Anna Employment Acme: ended ..2021-06-06\nAnna Residence Boston: ended ..2022-04-01\nAnna Residence Graz: holds 2022-04-01..",
	'a move ends the residence before, from the day that it may mean first');
is(known_on('2023-06-01', 'forth'), "Anna Employment Acme: last known ..\nAnna Residence Boston: ended ..2022-04-01\nAnna Residence Graz: last known 2022-04-01..",
	'a job that was taken up again is one State with two periods');
is(shown(q{SELECT count(*) FROM kg_batch.as_of('2023-06-01', graph => 'forth') a JOIN kg_batch.node n ON n.node_id = a.node_id
	JOIN kg_batch.as_of('2023-06-01', graph => 'forth') g ON g.node_id = a.instead WHERE a.to_label = 'Boston' AND g.to_label = 'Graz'}), 1,
	'what ended says by what');
my $acme = shown(q{SELECT node_id FROM kg_batch.as_of('2023-06-01', graph => 'forth') WHERE to_label = 'Acme'});
is(shown("SELECT string_agg(concat_ws(' ', status, first_said, until), ', ' ORDER BY first_said) FROM kg_batch.validity('{$acme}', '2022-01-01', 'forth')"),
	'ended 2020-02-02 2021-06-06, unknown 2023-01-09', 'validity of one State has all its periods');

# The views show the latest period by the words of the State itself.
sub dates_of { return shown(qq{SELECT DISTINCT COALESCE(n.start_date, '?') || '..' || COALESCE(n.end_date, '') || ' ' || COALESCE(l.since, '?') || '..' || COALESCE(l.until, '')
	FROM kg_batch.node n JOIN kg_batch.links l ON l.graph_id = n.graph_id AND l.statement_id = n.node_id WHERE n.graph_id = kg_batch.graph_id('$_[0]') AND n.type = 'State' AND l.to_label = '$_[1]'}); }
is(dates_of('forth', 'Acme'), '?.. ?..', 'a job that was taken up again is shown without the end that it had before');
$node->kg(q{SELECT kg_batch.create_graph('twice')});
told('twice', 'first', [ '2019-06-01', 'Anna', 'I started working at Acme in May 2019.' ]);
told('twice', 'left', [ '2021-06-05', 'Anna', 'I left Acme in March 2021.' ]);
is(dates_of('twice', 'Acme'), '2019-05..2021-03 2019-05..2021-03', 'a job that was left');
told('twice', 'again', [ '2023-02-01', 'Anna', 'I started working at Acme in 2022.' ]);
is(dates_of('twice', 'Acme'), '2022.. 2022..', '… and taken up again is shown with its later start, although the earlier one is narrower, and as not ended');
told('twice', 'left again', [ '2024-07-01', 'Anna', 'I left Acme in June 2024.' ]);
is(dates_of('twice', 'Acme'), '2022..2024-06 2022..2024-06', '… left again with its later end');
my $twice = shown(q{SELECT kg_batch.graph_digest('twice')});
$node->kg(q{SELECT kg_batch.rebuild('twice')});
is(shown(q{SELECT kg_batch.graph_digest('twice')}), $twice, '… computed again too');
$node->kg(q{SELECT kg_batch.correct(node_id, 'end_date', '2024-05', graph => 'twice') FROM kg_batch.node WHERE graph_id = kg_batch.graph_id('twice') AND type = 'State'});
is(dates_of('twice', 'Acme'), '2022..2024-05 2022..2024-05', '… and what a person says stands');
$node->kg("SELECT kg_batch.forget('$_', graph => 'twice')") for 'again', 'left again';
is(dates_of('twice', 'Acme'), '2019-05..2024-05 2019-05..2024-05', 'what took it up again being gone, the earlier period is shown');

# ---- facts that are current ----

is(shown(q{SELECT string_agg(fact, '|' ORDER BY fact COLLATE "C") FROM kg_batch.facts('Anna', current => true, graph => 'forth')}),
	shown(q{SELECT string_agg(f.text, '|' ORDER BY f.text COLLATE "C") FROM kg_batch.fact f JOIN kg_batch.graph g USING (graph_id)
		WHERE g.name = 'forth' AND f.text !~ 'Boston'}), 'a home that was left is not current, a job that was taken up again is');

# ---- what closed it is gone ----

told('forth', 'graz', [ '2022-05-03', 'Anna', 'I walk a lot.' ]);
is(known_on('2023-06-01', 'forth'), "Anna Employment Acme: last known ..\nAnna Residence Boston: last known ..",
	'without the words that closed it, a residence is open again');

# ---- what is only denied, planned or possible ends nothing ----

told('never moved', 'boston', @boston);
told('never moved', 'plans', [ '2022-05-03', 'Anna', 'I will move to Graz next year.' ], [ '2022-05-04', 'Anna', 'I do not live in Graz.' ],
	[ '2022-05-05', 'Anna', 'If I get the job, I will move to Linz.' ]);
like(known_on('2023-06-01', 'never moved'), qr/^Anna Residence Boston: last known \.\.$/m, 'a plan, a denial and a condition end nothing');

# ---- what others report ----

$node->kg(q{SELECT kg_batch.create_graph('hearsay')});
told('hearsay', 'boston', @boston);
told('hearsay', 'rumour', [ '2022-05-03', 'Bob', 'Anna moved to Graz in April 2022.' ]);
is(known_on('2023-06-01', 'hearsay'), "Anna Employment Acme: last known ..\nAnna Residence Boston: superseded ..\nAnna Residence Graz: last known 2022-04-01..",
	'what another reports does not end what one said of oneself');
told('hearsay', 'graz', [ '2022-06-03', 'Anna', 'I moved to Graz in April 2022.' ]);
like(known_on('2023-06-01', 'hearsay'), qr/^Anna Residence Boston: ended \.\.2022-04-01$/m, '… what one says does');

# ---- only an end is known ----

$node->kg(q{SELECT kg_batch.create_graph('ended')});
told('ended', 'left', [ '2021-06-05', 'Anna', 'I left Acme in March 2021.' ]);
is(known_on('2021-03-30', 'ended'), '', 'of what only an end is known nothing is known before');
is(known_on('2021-03-31', 'ended'), 'Anna Employment Acme: holds ..2021-04-01', '… up to that day it held');
is(known_on('2021-04-01', 'ended'), 'Anna Employment Acme: ended ..2021-04-01', '… and then no longer');

# ---- dates that contradict each other ----

$node->kg(q{SELECT kg_batch.create_graph('dates')});
told('dates', 'one', [ '2024-01-01', 'Anna', 'I started working at Acme in May 2019.' ]);
is(shown(q{SELECT count(*) FROM kg_batch.review WHERE verdict = 'dates'}), 0, 'one date contradicts nothing');
told('dates', 'wider', [ '2024-01-02', 'Anna', 'I started working at Acme in 2019.' ]);
is(shown(q{SELECT count(*) FROM kg_batch.review WHERE verdict = 'dates'}), 0, '… nor does a wider one');
told('dates', 'two', [ '2024-01-03', 'Anna', 'I started working at Acme in June 2020.' ]);
is(shown(q{SELECT string_agg(label_a || ' ' || reason, ', ' ORDER BY reason) FROM kg_batch.review WHERE verdict = 'dates'}),
	'Employment start: 2019 and 2020-06, Employment start: 2019-05 and 2020-06', 'another one does, and stands in review');
told('dates', 'end', [ '2024-01-04', 'Anna', 'I left Acme in March 2020.' ]);
is(shown(q{SELECT count(*) FROM kg_batch.review WHERE verdict = 'dates'}), 0, '… until an end in between says that it began anew');

# ---- rights and errors ----

sub refused
{
	my ($sql, $why, $name) = @_;
	my ($out, $err) = ('', '');
	isnt($node->psql('kg', $sql, stdout => \$out, stderr => \$err), 0, "$name is refused");
	return like($err, $why, '… and the error says why');
}
refused('SELECT FROM kg_batch.as_of(NULL)', qr/argument "moment" must not be null/, 'no moment');
refused(q{SELECT FROM kg_batch.validity('{1,null}')}, qr/must not be null|null/, 'a node that is none');
is(shown("SELECT string_agg(v.status, ', ') FROM kg_batch.validity('{$acme}', graph => 'forth') v"),
	shown("SELECT string_agg(v.status, ', ') FROM kg_batch.validity('{$acme}', (now() AT TIME ZONE 'UTC')::date, 'forth') v"), 'without a day it is today');
refused("SELECT FROM kg_batch.as_of(graph => 'fort')", qr/graph "fort" does not exist.*forth/s, 'an unknown graph');

done_testing();
