# Text that is hostile to JSON, SQL, psql, HTML or a terminal, as the name of a
# graph, a job and a speaker, as a key, an id and a message, and in a model's answer
# as label, alias, attribute, tag and fact: it comes out as it went in, and nothing
# that a terminal would obey reaches a NOTICE, an error, what wait says, or the log.
# What a hint gives to copy does what it says, whatever a name holds.
#
# report.pl and exporting.pl have the page and the formats.

use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));

use Encode qw(encode_utf8 decode_utf8);
use JSON::PP ();
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('hostile_text', settings => { 'kg_batch.use_batch_api' => 'off', 'kg_batch.max_attempts' => 1,
	log_min_messages => 'debug1', log_min_error_statement => 'panic', 'kg_batch.num_pipelines' => 2, fsync => 'off' });
my $sim = $node->sim;
my $ascii = JSON::PP->new->ascii->allow_nonref->canonical;
my $obeyed = qr/[\x00-\x08\x0B-\x1F\x7F-\x9F\x{061C}\x{2028}-\x{202E}\x{2066}-\x{2069}]/;

# A text as SQL that holds none of it.
sub sql { my ($text) = @_; return "convert_from('\\x" . unpack('H*', encode_utf8($text)) . "', 'UTF8')"; }
sub kg { my ($sql, @more) = @_; return decode_utf8($node->kg(encode_utf8($sql), @more)); }
# What psql shows of a statement beside its rows.
sub said
{
	my ($sql) = @_;
	my ($out, $err) = ('', '');
	my $code = $node->psql('kg', encode_utf8($sql), stdout => \$out, stderr => \$err);
	return ($code, decode_utf8($err), decode_utf8($out));
}

my %hostile = (
	'ANSI' => "\e[31mred\e]0;title\a\b\x7F\r",
	'C1' => "\x{9B}2J\x{9D}0;title\x{9C}",
	'bidi' => "\x{202E}txt.exe\x{2066}\x{200F} \x{5D0}",
	'lines' => "a\nWARNING:  your password has expired\n\tb",
	'separators' => "a\x{2028}b\x{2029}c\x{FEFF}",
	'quotes' => q{it's "q" `b` \\ \\' $$ $q$},
	'SQL' => q{x'); SELECT pg_notify('owned', 'x'); --},
	'psql' => q{\\! touch owned \\q :name :'name' \\gexec},
	'printf' => '%s%n%d %m %% {0}',
	'HTML' => '</script><script>x()</script><!-- &amp; ]]>',
	'JSON' => '"},{"x":"\\u0000\\ud800"}',
	'emoji' => "\x{1F469}\x{200D}\x{1F467} Zu\x{308}rich");
my @kinds = sort keys %hostile;
# What a model says is one line: space and control characters are a space in it.
sub tidy { my ($text) = @_; return $text =~ s/[\x00-\x20\x7F-\xA0\x{2028}\x{2029}]+/ /gr =~ s/^ | $//gr; }

# What a model says that was taken in by the text.
sub answer
{
	my ($text) = @_;
	my %weights = (confidence => 0.9, importance => 0.9, hash_tags => [$text]);
	my %thing = (type => 'Entity', class => 'other', category => $text, named => JSON::PP::true, participant => undef, of => undef, relation => undef, facts => [1], %weights);
	return { facts => [ { id => 1, text => "It is $text.", modality => 'asserted', negated => JSON::PP::false, evidence => [ { sentence => 1, quote => $text } ] } ],
		things => [ { id => 1, label => $text, aliases => ["$text 2"], attributes => [ { key => $text, value => $text } ], %thing },
			{ id => 2, label => 'plain', aliases => [], attributes => [], %thing } ],
		statements => [ { id => 3, type => 'State', label => $text, category => $text, facts => [1], start => undef, end => undef, replaces => JSON::PP::false,
			goal_status => undef, %weights, roles => [ { role => 'agent', role_text => undef, node => 1 }, { role => 'other', role_text => $text, node => 2 } ] } ] };
}

# ---- names, and what is said of them ----

my $log_start = -s $node->logfile;
my %job;
for my $kind (@kinds)
{
	my ($text, $name) = ($hostile{$kind}, sql($hostile{$kind}));
	my $said = "Marker $kind: $text is all I say.";
	$sim->fault({ fault => 'answer_text', stage => 'kg_extract', contains => "Marker $kind:", text => $ascii->encode(answer($text)) });
	my ($code, $err) = said("SELECT kg_batch.create_graph($name); SELECT kg_batch.create_job($name, '{\"paused\": true}', $name)");
	is($code, 0, "$kind: names a graph and a job") or diag($err);
	my $messages = sql($ascii->encode([ { speaker => $text, content => $said, id => $text, session => $text } ]));
	($code, $err) = said("SELECT kg_batch.enqueue($messages\::jsonb, key => $name, job => $name, graph => $name, final => true)");
	is($code, 0, "$kind: is taken") or diag($err);
	like($err, qr/took 1 new message/, "$kind: and that is said");
	like($err, qr/is paused/, "$kind: and that the job is paused");
	unlike($err, $obeyed, "$kind: in a NOTICE without what a terminal obeys");
	# The hint is what somebody copies.
	my ($hint) = $err =~ /HINT:  (SELECT kg_batch\.resume\(.*\)) goes on/;
	ok(defined $hint, "$kind: a hint says how to go on") or diag($err);
	$job{$kind} = kg("SELECT job_id FROM kg_batch.progress WHERE job = $name");
	if ($kind =~ /^(?:quotes|SQL|psql|printf|HTML|JSON|emoji)$/)
	{
		my $out;
		($code, $err) = said("SET kg_batch.graph = " . ($text =~ /'|\\/ ? ' E' : '') . "'" . ($text =~ s/(['\\])/$1$1/gr) . "'; LISTEN owned; $hint; SELECT 1");
		is($code, 0, "$kind: what the hint says can be done") or diag($hint, $err);
		isnt(kg("SELECT state FROM kg_batch.progress WHERE job_id = $job{$kind}"), 'paused', "$kind: and does what it says");
	}
	else { kg("SELECT kg_batch.resume($job{$kind}, graph => $name)"); }
	($code, $err) = said("SELECT kg_batch.pause($name || 'x', graph => $name)");
	like($err, qr/ERROR:  job ".*" does not exist/s, "$kind: an error names what is not there");
	unlike($err, $obeyed, "$kind: and shows it without what a terminal obeys");
}

# ---- what a model says ----

for my $kind (@kinds)
{
	my $name = sql($hostile{$kind});
	ok($node->wait_for_job($job{$kind}, 'done'), "$kind: is read");
	my ($code, $err) = said("CALL kg_batch.wait($job{$kind}, graph => $name)");
	is($code, 0, "$kind: is waited for");
	like($err, qr/NOTICE:  .*100 %/, "$kind: with a line of progress") or diag($err);
	unlike($err, $obeyed, "$kind: without what a terminal obeys");
	my $graph = "graph_id = kg_batch.graph_id($name)";
	is(kg("SELECT count(*) FROM kg_batch.rejected WHERE $graph"), 0, "$kind: nothing is rejected") or diag(kg("SELECT item, reason, body FROM kg_batch.rejected WHERE $graph"));
	my ($words, $fact) = (sql(tidy($hostile{$kind})), sql(tidy("It is $hostile{$kind}.")));
	for my $query ("node WHERE label = $words AND NOT is_statement", "node WHERE $words || ' 2' = ANY (aliases)",
		"fact WHERE text = $fact", "fact WHERE conversation = $name", "evidence WHERE node_id IS NOT NULL AND quote = $name AND message_id = $name",
		"evidence WHERE speaker = $name")
	{
		is(kg("SELECT count(*) > 0 FROM kg_batch.$query AND $graph"), 't', "$kind: as it was: " . $query =~ s/convert_from\(.*?\)/.../gr)
			or diag(kg("SELECT encode(convert_to(n::text, 'UTF8'), 'escape') FROM kg_batch.node n WHERE $graph AND NOT is_statement; SELECT * FROM kg_batch.evidence WHERE $graph"));
	}
	is(kg("SELECT count(*) FROM kg_batch_internal.message WHERE $graph AND content = 'Marker $kind: ' || $name || ' is all I say.'"), 1, "$kind: the message is as it was");
	for my $format (qw(jsonl graphml cypher turtle dot mermaid))
	{
		cmp_ok(kg("SELECT count(*) FROM kg_batch.export('$format', $name)"), '>', 2, "$kind: is exported as $format");
	}
	unlike(kg("SELECT string_agg(concat(n.label, n.category, n.aliases, n.attributes, n.hash_tags, x.text), '') FROM kg_batch.node n, kg_batch.fact x WHERE n.$graph AND x.$graph"),
		qr/[\x00-\x1F\x7F-\x9F]/, "$kind: nothing that a model said holds a control character");
	ok(kg("SELECT kg_batch.report($job{$kind}, $name)") =~ m{^<!doctype html>.*</html>\s*$}s, "$kind: and has a page");
}
is(kg('SELECT count(*) FROM pg_class WHERE relname = $$owned$$'), 0, 'nothing that was said was done');

# ---- what no database takes, and what has no end ----

kg("SELECT kg_batch.create_graph('odd')");
for my $case ([ 'NUL', 'a\\u0000b', "a\x{FFFD}b" ], [ 'half a character', 'a\\ud800b', "a\x{FFFD}b" ], [ 'a number', 'a\\u001b[31mb', 'a [31mb' ], [ 'long', 'x' x 1_000, qr/^x{100,1000}\x{2026}?$/ ])
{
	my ($kind, $written, $read) = @$case;
	my $text = $ascii->encode(answer('ODD')) =~ s/"label":"ODD"/"label":"$written"/gr =~ s/ODD/odd/gr;
	$sim->fault({ fault => 'answer_text', stage => 'kg_extract', contains => "Odd $kind:", text => $text });
	my $messages = sql($ascii->encode([ { speaker => 'A', content => "Odd $kind: nothing is said." } ]));
	my $job = kg("SELECT kg_batch.enqueue($messages\::jsonb, key => '$kind', graph => 'odd', final => true)");
	ok($node->wait_for_job($job, 'done'), "$kind: is read");
	my $label = kg("SELECT n.label FROM kg_batch.node n JOIN kg_batch.evidence e USING (graph_id, node_id) WHERE e.conversation = '$kind' AND n.type = 'Entity' AND n.label NOT IN ('plain', 'A')");
	like($label, ref $read ? $read : qr/^\Q$read\E$/, "$kind: is in the graph in a form that can be")
		or diag(kg("SELECT left(concat_ws(' | ', source, item, reason, body), 300) FROM kg_batch.rejected WHERE conversation = '$kind'; SELECT left(concat(what, reason), 300) FROM kg_batch.errors; SELECT left(n::text, 300) FROM kg_batch.node n WHERE graph_id = kg_batch.graph_id('odd')"));
}
like((said(q{SELECT kg_batch.enqueue('[{"speaker": "A\\u0000", "content": "x"}]')}))[1], qr/ERROR:  unsupported Unicode escape sequence/, 'a NUL from a caller is an error of PostgreSQL');
for my $call (q{create_graph(repeat('x', 201))}, q{create_job(repeat('x', 100000), graph => 'odd')}, q{enqueue('[]', key => repeat('x', 100000), graph => 'odd')},
	q{enqueue(jsonb_build_array(jsonb_build_object('speaker', repeat('x', 100000), 'content', 'y')), graph => 'odd')})
{
	my ($code, $err) = said("SELECT kg_batch.$call");
	ok($code != 0, "a name has an end: $call");
	cmp_ok(length $err, '<', 1000, 'and so has the error');
}

my $log = decode_utf8(substr(slurp_file($node->logfile), $log_start));
like($log, qr/kg_batch job \d+ of graph ".*" is done/, 'the log names graphs');
unlike($log, $obeyed, 'without what a terminal obeys');
unlike($log, qr/^WARNING:  your password/m, 'and no name begins a line of its own');

$node->stop('fast');
done_testing();
