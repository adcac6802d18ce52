# What leaves as a format is read by that format's own readers with every text as
# it was, whatever stands in it, and is the same bytes for the same graph.

use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));

use JSON::PP ();
use KgBatch::Cluster;
use KgBatch::HostileGraph;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('exporting', settings => { 'kg_batch.use_batch_api' => 'off' });
my $files = PostgreSQL::Test::Utils::tempdir();

sub kg { my ($sql) = @_; utf8::encode($sql); my $out = $node->kg($sql); utf8::decode($out); return $out; }
sub export
{
	my ($format, $graph) = @_;
	my $file = "$files/" . ($graph =~ s/\W/_/gr) . ".$format";
	open my $out, '>:raw', $file or die $!;
	my $text = $node->kg("SELECT kg_batch.export('$format', '$graph')");
	print {$out} "$text\n";
	close $out;
	utf8::decode($text);
	return ($text, $file);
}
sub output_of
{
	my @command = @_;
	my ($out, $err) = ('', '');
	my $done = IPC::Run::run(\@command, '>', \$out, '2>', \$err);
	utf8::decode($_) for $out, $err;
	diag("@command: $err") if !$done;
	return $done ? $out : undef;
}
sub same_texts { my ($got, $expected, $name) = @_; return is(join("\n--\n", sort @$got), join("\n--\n", sort @$expected), $name); }

make_hostile_graph($node, 'one', 0 .. $#hostile);
make_hostile_graph($node, 'other', reverse 0 .. $#hostile);
kg("SELECT kg_batch.create_graph('empty')");
my ($things, $edges) = (scalar @hostile, scalar @hostile);

# ---- for every format ----

for my $format (qw(jsonl graphml cypher turtle dot mermaid))
{
	my ($text) = export($format, 'one');
	my ($again) = export($format, 'other');
	cmp_ok(length $text, '>', 500, "$format: there is something");
	ok($text eq $again, "$format: equal graphs are equal bytes, whatever their ids");
	unlike($text, qr/rests/, "$format: nothing of a fact that rests");
	cmp_ok(scalar(grep { /[\x00-\x08\x0B-\x1F]/ } split /\n/, $text), '==', 0, "$format: no control character stands bare");
}

# ---- jsonl ----

my ($jsonl, $jsonl_file) = export('jsonl', 'one');
my @objects = map { JSON::PP->new->decode($_) } split /\n/, $jsonl;
my %of;
push @{ $of{ $_->{kg_batch} } }, $_ for @objects;
is(join(' ', map { "$_ " . @{ $of{$_} } } sort keys %of), "edge $edges evidence $edges fact $edges graph 1 node " . 2 * $things, 'jsonl: everything is there');
same_texts([ map { $_->{label} } grep { $_->{type} eq 'Entity' } @{ $of{node} } ], \@hostile, 'jsonl: labels are as they were');
same_texts([ map { $_->{aliases}[0] } grep { $_->{aliases} } @{ $of{node} } ], \@hostile, 'jsonl: and aliases');
same_texts([ map { $_->{attributes}{k}[0] } grep { $_->{attributes} } @{ $of{node} } ], \@hostile, 'jsonl: and attributes');
same_texts([ map { $_->{predicate} =~ s/^x//r } @{ $of{edge} } ], \@hostile, 'jsonl: and predicates');
same_texts([ map { $_->{text} } @{ $of{fact} } ], \@hostile, 'jsonl: and facts');
same_texts([ map { $_->{quote} } @{ $of{evidence} } ], \@hostile, 'jsonl: and quotes');
my %node = map { $_->{key} => $_ } @{ $of{node} };
my %fact = map { $_->{id} => $_ } @{ $of{fact} };
is(scalar(grep { !$node{ $_->{source} } || !$node{ $_->{target} } } @{ $of{edge} }), 0, 'jsonl: edges lead somewhere');
is(scalar(grep { @{ $_->{nodes} } != 2 || grep { !$node{$_} } @{ $_->{nodes} } } @{ $of{fact} }), 0, 'jsonl: facts name what they speak of');
is(scalar(grep { !$fact{ $_->{fact} } } @{ $of{evidence} }), 0, 'jsonl: quotes name their fact');
my ($plain) = grep { $_->{label} eq 'plain' && $_->{type} eq 'State' } @{ $of{node} };
is(JSON::PP->new->canonical->encode($plain), '{"asserted_on":[["2023-05-08","2023-05-08"],["2024-01-01","2024-01-31"]],"category":"plain","confidence":0.5,"importance":0,'
	. '"key":"' . $plain->{key} . '","kg_batch":"node","label":"plain","mentions":1,"modality":"asserted","named":false,"negated":false,"scope":"plain","start_date":"2022-05","start_how":"inferred","type":"State"}', 'jsonl: a statement with all that is known of it');
is(scalar(split /\n/, output_of('jq', '-c', '.kg_batch', $jsonl_file)), scalar @objects, 'jsonl: jq reads each line');

# ---- graphml ----

my ($graphml, $graphml_file) = export('graphml', 'one');
{
	ok(defined output_of('xmllint', '--noout', $graphml_file), 'graphml: xmllint reads it');
	my $xpath = sub { my $found = output_of('xmllint', '--xpath', $_[0] =~ s/~(\w+)/*[local-name()='$1']/gr, $graphml_file); $found =~ s/\n$//; return $found; };
	is($xpath->('count(//~node)'), 2 * $things + 2 * $edges, 'graphml: nodes, facts and quotes are there');
	is($xpath->('count(//~edge[not(@source = //~node/@id) or not(@target = //~node/@id)])'), 0, 'graphml: edges lead somewhere');
	is($xpath->('count(//~data[not(@key = //~key/@id)])'), 0, 'graphml: every property is declared');
	# A final line break is psql's; XML has no control characters.
	same_texts([ map { $xpath->("string((//~node[~data[\@key='n_type'] = 'Entity'])[$_]/~data[\@key='n_label'])") } 1 .. $things ],
		[ map { s/[\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}]/\x{FFFD}/gr } @hostile ], 'graphml: labels are as they were');
}

# ---- turtle ----

my ($turtle, $turtle_file) = export('turtle', 'one');
{
	my $triples = output_of('rapper', '-q', '-i', 'turtle', '-o', 'ntriples', $turtle_file);
	ok(defined $triples, 'turtle: rapper reads it');
	my $literal = sub { my ($text) = @_; my %short = (n => "\n", r => "\r", t => "\t", b => "\b", f => "\f"); $text =~ s/\\(?:u(....)|U(........)|(.))/defined $1 ? chr hex $1 : defined $2 ? chr hex $2 : $short{$3} \/\/ $3/ges; return $text; };
	my (%is_entity, @labels, @quotes, $roles);
	for (split /\n/, $triples // '')
	{
		$is_entity{$1} = 1 if /^(\S+) <\S+#type> <urn:kg_batch:Entity> \.$/;
	}
	for (split /\n/, $triples // '')
	{
		push @labels, $literal->($2) if /^(\S+) <\S+#label> "(.*)" \.$/ && $is_entity{$1};
		push @quotes, $literal->($1) if /<urn:kg_batch:quote> "(.*)" \.$/;
		++$roles if /^<urn:uuid:\S+> <urn:kg_batch:role:\S+> <urn:uuid:\S+> \.$/;
	}
	my @expected = map { s/\x{FFFE}/\x{FFFD}/gr } @hostile;
	same_texts(\@labels, \@expected, 'turtle: labels are as they were');
	same_texts(\@quotes, \@expected, 'turtle: and quotes');
	is($roles, $edges, 'turtle: roles are there');
}

# ---- dot ----

my ($dot, $dot_file) = export('dot', 'one');
{
	my $svg = output_of('dot', '-Tsvg', $dot_file);
	ok(defined $svg, 'dot: graphviz reads it');
	my @shown;
	while (($svg // '') =~ m{<g id="node\d+" class="node">(.*?)</g>}gs)
	{
		my $lines = join "\n", $1 =~ m{<text[^>]*>(.*?)</text>}gs;
		$lines =~ s/&#(\d+);/chr $1/ge;
		$lines =~ s/&#x([0-9a-f]+);/chr hex $1/gie;
		my %sign = (lt => '<', gt => '>', amp => '&', quot => '"', apos => "'");
		$lines =~ s/&(\w+);/$sign{$1}/g;
		push @shown, $lines =~ s/\s+/ /gr =~ s/^ | $//gr;
	}
	my @expected = map { my $label = s/[\x00-\x09\x0B-\x1F\x7F-\x9F]/\x{FFFD}/gr =~ s/\s+/ /gr; $label =~ s/^ | $//g; $label } map { $hostile[$_], ($_ % 2 ? 'not ' : '') . $hostile[$_] } 0 .. $#hostile;
	same_texts(\@shown, \@expected, 'dot: what it draws are the labels');
	is(scalar(() = ($svg // '') =~ /class="edge"/g), $edges, 'dot: edges are there');
}

# ---- cypher: a strict grammar, read in both orders in which readers read it ----

my ($cypher) = export('cypher', 'one');
my $grammar = qr{
	(?(DEFINE)
		(?<text> ' (?: [^'\\\x00-\x1F\x7F-\x9F\x{2028}\x{2029}] | \\ [\\'nrt] | \\u [0-9A-F]{4} )* ' )
		(?<value> (?&text) | -?\d+(?:\.\d+)? | true | false | \[ (?: (?&text) (?: ,\ (?&text) )* )? \] )
		(?<properties> \{ \w+ :\ (?&value) (?: ,\ \w+ :\ (?&value) )* \} )
		(?<name> ` (?: [^`\\\x00-\x1F] | `` )* ` )
		(?<ends> \(a:KgBatch\ \{key:\ '[-0-9a-f]+'\}\),\ \(b:KgBatch\ \{key:\ '[-0-9a-f]+'\}\) ))
	^ (?: CREATE\ INDEX\ kg_batch_key\ IF\ NOT\ EXISTS\ FOR\ \(n:KgBatch\)\ ON\ \(n\.key\)
		| CREATE\ \(:KgBatch: (?&name) \ (?&properties) \)
		| MATCH\ (?&ends) \ CREATE\ \(a\)-\[: (?&name) (?: \ (?&properties) )? \]->\(b\) ) ; $ }x;
is(join("\n", grep { $_ !~ $grammar } split /\n/, $cypher), '', 'cypher: each line is one statement of the grammar');
my $early = $cypher =~ s/\\u([0-9A-F]{4})/chr hex $1/ger;
for my $reading ([ 'numbers within texts', $cypher ], [ 'numbers first', $early ])
{
	my @labels;
	my %short = (n => "\n", r => "\r", t => "\t");
	while ($reading->[1] =~ /CREATE \(:KgBatch:`Entity` \{key: '[^']*', type: 'Entity', label: '((?:[^'\\]|\\.)*)'/gs)
	{
		push @labels, $1 =~ s/\\(?:u([0-9A-F]{4})|(.))/defined $1 ? chr hex $1 : $short{$2} \/\/ $2/gesr;
	}
	same_texts(\@labels, \@hostile, "cypher: labels are as they were, $reading->[0]");
}

# ---- mermaid: a strict grammar ----

my ($mermaid) = export('mermaid', 'one');
my @lines = split /\n/, $mermaid;
is(shift @lines, 'flowchart LR', 'mermaid: begins as a flow chart');
my $label = qr{"((?:[A-Za-z0-9 .,-]|[^\x00-\x9F]|\#\d+;|<br/>)*)"};
is(join("\n", grep { !/^  n[0-9a-f]{32}(?:\[$label\]|\(\[$label\]\))$/ && !/^  n[0-9a-f]{32} -->\|$label\| n[0-9a-f]{32}$/ } @lines), '', 'mermaid: each line is a node or an edge');
my $decoded = sub { my ($text) = @_; $text =~ s{<br/>}{\n}g; $text =~ s/#(\d+);/chr $1/ge; return $text; };
same_texts([ map { /\(\[$label\]\)$/ ? $decoded->($1) : () } @lines ], [ map { s/[\x00-\x09\x0B-\x1F\x7F-\x9F]/\x{FFFD}/gr } @hostile ], 'mermaid: labels are as they were');

# ---- an empty graph, errors, rights ----

is((export('jsonl', 'empty'))[0], '{"kg_batch":"graph","version":1}', 'an empty graph has a first line');
ok(defined output_of('xmllint', '--noout', (export('graphml', 'empty'))[1]), 'and is GraphML');
my ($out, $err) = ('', '');
isnt($node->psql('kg', q{SELECT kg_batch.export('xml')}, stdout => \$out, stderr => \$err), 0, 'an unknown format is refused');
like($err, qr/unknown format "xml".*Formats are jsonl, graphml, cypher, turtle, dot, mermaid\./s, 'with the known ones');
isnt($node->psql('kg', q{SELECT kg_batch.export(NULL)}, stdout => \$out, stderr => \$err), 0, 'no format is refused');
$node->kg(q{CREATE ROLE reading; CREATE ROLE auditing; SELECT kg_batch.grant_access('reading', 'reader', 'one'); SELECT kg_batch.grant_access('auditing', 'auditor', 'one')});
is($node->kg(qq{SET ROLE $_->[0]; SELECT count(*) FROM kg_batch.export('$_->[1]', 'one') AS line WHERE line ~ '"?quote'}) > 1, $_->[0] eq 'auditing', "$_->[1]: quotes for auditors: $_->[0]")
  for map { my $role = $_; map { [ $role, $_ ] } qw(jsonl cypher turtle) } 'reading', 'auditing';

# ---- nobody waits for it ----

is($node->kg(q{BEGIN; SELECT FROM kg_batch.export('jsonl', 'one') LIMIT 0; SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'; COMMIT}),
	0, 'an export in an open transaction holds no round up');
# What the caller's own statement changes while the export is read is not in it.
$node->kg(q{CREATE FUNCTION rename(line text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	UPDATE kg_batch_internal.node SET label = 'renamed meanwhile' WHERE graph_id = (SELECT graph_id FROM kg_batch.graph WHERE name = 'other'); RETURN line; END $$});
is($node->kg(q{SELECT bool_or(a.line ~ 'renamed meanwhile' OR b.line ~ 'renamed meanwhile') FROM (SELECT rename(line) AS line FROM kg_batch.export('dot', 'other') AS line LIMIT 1) a
	CROSS JOIN LATERAL (SELECT l AS line FROM kg_batch.export(left('dot' || md5(a.line), 3), 'other') AS l) b}), 'f', 'it shows the graph as the statement finds it');

# ---- a graph that workers made, in pages ----

$node->kg("SELECT kg_batch.create_graph('$_')") for 'forth', 'back';
my @talks = map { [ "talk $_", "I live in Town$_. I work at Firm" . $_ % 7 . "." ] } 1 .. 60;
for (map([ 'forth', @$_ ], @talks), map([ 'back', @$_ ], reverse @talks))
{
	my ($graph, $key, $words) = @$_;
	$node->kg(qq{SELECT kg_batch.enqueue('[{"speaker": "Anna", "id": 1, "sent_at": "2024-05-03T12:00Z", "content": "$words"}]', key => '$key', final => true, graph => '$graph')});
}
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress WHERE graph IN ('forth', 'back')}, 180), 'all is read');
is($node->kg(q{SELECT kg_batch.graph_digest('forth') = kg_batch.graph_digest('back')}), 't', 'two ways to one graph');
ok((export($_, 'forth'))[0] eq (export($_, 'back'))[0], "$_: the same bytes") for qw(jsonl graphml cypher turtle dot mermaid);

done_testing();
