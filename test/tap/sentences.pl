# What is denied, over, conditional, heard, joked, asked or planned gives no State
# that holds: all sentences of test/gold/sentences.jsonl in one graph, each answered
# as a good model answers. What stands there is what the row says, as_of shows
# nothing that must not be, and what was known before is left as it was.

use strict;
use warnings;

use FindBin;
use JSON::PP ();
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my @rows = map { $json->decode($_) } split /\n/, slurp_file("$FindBin::Bin/../gold/sentences.jsonl");

# A sentence as questions show it: 1 and its words.
sub answer { my ($said) = @_; return { contains => '[1,' . JSON::PP->new->allow_nonref->encode($said->{says}) . ']', schema => 'kg_extract', answer => $said->{answer} }; }
my $gold = PostgreSQL::Test::Utils::tempdir('sentences') . '/gold.json';
append_to_file($gold, $json->encode({ answers => [ map { answer($_), $_->{before} ? answer($_->{before}) : () } @rows ] }));
my $node = KgBatch::Cluster->with_stand_in('sentences', sim => [ '--mode', 'oracle', '--gold', $gold ],
	settings => { 'kg_batch.use_batch_api' => 'off', 'kg_batch.num_pipelines' => 2, fsync => 'off' });

sub hand_in
{
	my ($row, $said) = @_;
	my $message = $json->encode([ { speaker => $row->{by}, sent_at => "$said->{at}T12:00Z", content => $said->{says} } ]);
	return "SELECT kg_batch.enqueue(\$m\$$message\$m\$, key => '" . encoded("$row->{by} $said->{at}") . "', final => true)";
}
$node->kg(join ';', map { ($_->{before} ? hand_in($_, $_->{before}) : (), hand_in($_, $_)) } @rows);
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}), 'all is read');
is($node->kg('SELECT count(*) FROM kg_batch.rejected'), 0, 'nothing of the answers is rejected') or diag($node->kg('SELECT item, reason, body FROM kg_batch.rejected'));
is($node->kg('SELECT count(*) FROM kg_batch.evidence WHERE NOT matched'), 0, 'every quote stands in its sentence');

# Lines of a query by conversation.
sub by_conversation
{
	my ($sql) = @_;
	my %of;
	for (split /\n/, $node->kg($sql))
	{
		my ($key, $line) = split /\t/, $_, 2;
		push @{ $of{$key} }, $line;
	}
	return \%of;
}

my $statements = by_conversation(q{
	SELECT e.conversation || E'\t' || concat(n.type, ' ', n.label, ': ', n.modality, CASE WHEN n.negated THEN ', not' END,
		', from ' || n.start_date, ', until ' || n.end_date, ', ' || n.goal_status)
	FROM kg_batch.node n JOIN (SELECT DISTINCT node_id, conversation FROM kg_batch.evidence) e USING (node_id) WHERE n.is_statement});

# What as_of gives so many days after each sentence, by who spoke. A sentence's day is
# one and the same, so that one reading will do.
my @days = keys %{ { map { $_->{at} => 1 } @rows } };
is(@days, 1, 'all are said on one day');
sub known_after
{
	my ($after) = @_;
	return by_conversation(qq{
		SELECT DISTINCT split_part(e.conversation, ' ', 1) || E'\t' || concat_ws(' ', NULLIF(l.one, split_part(e.conversation, ' ', 1)), l.relation, l.other) || ': ' || l.status
		FROM (SELECT a.node_id, a.status, split_part(a.relation, ' (', 1) AS relation,
				CASE WHEN a.relation ~ '\\(' THEN a.from_label ELSE LEAST(a.from_label, COALESCE(a.to_label, a.from_label)) END AS one,
				CASE WHEN a.relation ~ '\\(' THEN a.to_label ELSE NULLIF(GREATEST(a.from_label, a.to_label), CASE WHEN a.to_label IS NULL THEN a.from_label END) END AS other
			FROM kg_batch.as_of(timestamptz '$days[0] 12:00Z' + interval '$after days') a) l
		JOIN kg_batch.evidence e USING (node_id)});
}
my %known = map { $_ => known_after($_) } 0, 1, 366;
sub encoded { my ($text) = @_; utf8::encode($text); return $text; }
sub sorted { return join "\n", sort @_; }

# What the row's statements are as nodes: only Goals are dated by what is merely
# planned, and the plan to end what holds is one node with it.
sub as_nodes
{
	my ($row) = @_;
	return @{ $row->{nodes} } if $row->{nodes};
	return map { /^(?:State|Event).*: (?:planned|possible|hypothetical)/ ? s/, (?:from|until) [-\d]+//gr : $_ } @{ $row->{instead} };
}

my %count;
for my $row (@rows)
{
	my ($by, $category) = @$row{qw(by category)};
	my $name = encoded("$category: $row->{says}");
	++$count{$category};
	my @came = @{ $statements->{"$by $row->{at}"} // [] };
	is(sorted(@came), sorted(as_nodes($row)), $name);
	for my $after (1, 366)
	{
		is(sorted(@{ $known{$after}{$by} // [] }), sorted(@{ $row->{known} }), "… what is known of it $after days after");
	}
	for my $never (@{ $row->{never} })
	{
		my @days = $category =~ /no longer|hearsay/ ? (1, 366) : (0, 1, 366);
		my @holds = grep { my $on = $_; grep { $_ eq "$never: holds" } @{ $known{$on}{$by} // [] } } @days;
		is("@holds", '', "… never holds: $never");
	}
}
# The property itself, of all of them at once: no status comes of what was neither
# asserted nor reported.
is($node->kg(q{SELECT count(*) FROM kg_batch.validity() v JOIN kg_batch.node n USING (node_id) WHERE n.modality NOT IN ('asserted', 'reported')}), 0,
	'what is planned, possible or hypothetical has no status');
cmp_ok($node->kg(q{SELECT count(*) FROM kg_batch.node WHERE type = 'State' AND modality IN ('planned', 'possible', 'hypothetical')}), '>=', 10, '… and is kept all the same');
is($node->kg(q{SELECT count(*) FROM kg_batch.validity(day => '2030-01-01') v WHERE v.status = 'holds'}), 0, 'years later nothing is said to hold');
note(sprintf '%-12s %2d', $_, $count{$_}) for sort keys %count;
cmp_ok($count{$_}, '>=', 6, "$_: $count{$_} sentences") for sort keys %count;
is(keys %count, 7, 'seven categories');

$node->stop('fast');
done_testing();
