# The page of report() holds together whatever stands in the graph, asks nothing
# of any other address, shows nobody more than the views show him, and draws of a
# large graph what most is said of.

use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));

use Digest::SHA qw(sha256_base64);
use JSON::PP ();
use KgBatch::Cluster;
use KgBatch::HostileGraph;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('report', settings => { 'kg_batch.use_batch_api' => 'off' });
my $folder = PostgreSQL::Test::Utils::tempdir();
my $hostile_job = q{</script><b onclick="x">&amp; "it's"</b>};

sub kg { my ($sql, @more) = @_; utf8::encode($sql); my $out = $node->kg($sql, @more); utf8::decode($out); return $out; }
sub data { my ($job, $graph, %params) = @_; return JSON::PP->new->decode(kg(($params{first} // '') . "SELECT kg_batch.report_data('$job', '$graph')")); }
sub page
{
	my ($job, $graph) = @_;
	my $page = kg("SELECT kg_batch.report('$job', '$graph')");
	my ($before, $data, $after) = $page =~ m{^(.*<script type="application/json" id="data">)(.*?)(</script>.*)$}s;
	return ($page, $data, $before . $after);
}
sub same { my ($got, $expected, $name) = @_; return is(join("\n--\n", sort @$got), join("\n--\n", sort @$expected), $name); }
sub sqlstate { my ($sql) = @_; my ($code, $out, $err) = $node->psql($KgBatch::Cluster::database, "\\set VERBOSITY verbose\n$sql"); return $err =~ /ERROR:  (\w{5}): / ? $1 : "fine: $out"; }

# ---- a page, whatever stands in it ----

make_hostile_graph($node, 'one', 0 .. $#hostile);
kg("UPDATE kg_batch_internal.job SET name = \$job\$$hostile_job\$job\$ WHERE graph_id = kg_batch.graph_id('one')");
kg(q{UPDATE kg_batch_internal.chunk SET state = 'failed', error = E'</script><i>bad\u2028</i>' WHERE graph_id = kg_batch.graph_id('one')
	AND chunk_id = (SELECT min(chunk_id) FROM kg_batch_internal.chunk)});
my $job = kg("SELECT job_id FROM kg_batch.progress WHERE graph = 'one'");

my ($page, $block, $frame) = page($job, 'one');
ok(defined $block, 'the page has a block of data');
unlike($block, qr/[<>&\x{2028}\x{2029}]/, 'nothing that could end it stands in the block of data');
is(() = $page =~ /<script/g, 2, 'no text of the graph is an element: two scripts, ours');
unlike($page, qr{<(?:img|b|i)[ >]}, 'and no other of theirs');
my $data = JSON::PP->new->decode($block);
same([ map { $_->{label} } grep { $_->{type} eq 'Entity' } @{ $data->{nodes} } ], \@hostile, 'labels are as they were');
same([ map { $_->{text} } @{ $data->{facts} } ], \@hostile, 'and facts');
same([ map { $_->{quote} } @{ $data->{quotes} } ], \@hostile, 'and quotes');
same([ map { $_->[2] } @{ $data->{edges} } ], [ map { "x$_" } @hostile ], 'and roles');
is($data->{job}{job}, $hostile_job, 'and the name of the job');
is($data->{errors}[0]{reason}, "</script><i>bad\x{2028}</i>", 'and what went wrong');
like($data->{errors}[0]{hint}, qr/kg_batch\.retry/, 'with what to do about it');

# Read by another reader of HTML than a browser.
my $file = "$folder/report.html";
open my $out, '>:encoding(UTF-8)', $file or die $!;
print {$out} $page;
close $out;
sub xpath
{
	my ($expression) = @_;
	my ($stdout, $stderr) = ('', '');
	IPC::Run::run([ 'xmllint', '--html', '--huge', '--xpath', $expression, $file ], '>', \$stdout, '2>', \$stderr);
	my @faults = grep { !/Tag (?:main|header|footer|section) invalid/ } $stderr =~ /error : .*/g;
	return wantarray ? ($stdout =~ s/\n$//r, \@faults) : $stdout =~ s/\n$//r;
}
my ($scripts, $faults) = xpath('count(//script)');
is("$scripts @$faults", '2 ', 'it is well formed');
is(xpath('count(//*[@src or @href[not(starts-with(., "#"))] or self::link or self::iframe or self::form or self::base])'), 0, 'no element leads anywhere else');
is(xpath('count(//@*[starts-with(name(), "on")] | //@style)'), 0, 'nor has one a script or style that the policy would have to allow');

my ($licences) = $frame =~ /<!--(.*?)-->/s;
like($licences, qr/\Q$_\E/, "the licence of $_ is kept") for 'cytoscape 3', 'uplot 1', 'd3-force 3', 'Permission is hereby granted';
(my $bare = $frame) =~ s/<!--.*?-->//s;
same([ grep { !m{^https?://www\.w3\.org/} } $bare =~ m{https?://[\w./-]*}g ], [], 'no address stands in script, style or markup, but names of XML');

my ($policy) = $frame =~ /http-equiv="Content-Security-Policy" content="([^"]*)"/;
my ($style) = $frame =~ m{<style[^>]*>(.*?)</style>}s;
my ($script) = $frame =~ m{<script>(.*?)</script>}s;
my $hash = sub { my $sum = sha256_base64($_[0]); $sum .= '=' while length($sum) % 4; return "'sha256-$sum'"; };
is($policy, "default-src 'none'; script-src " . $hash->($script) . '; style-src ' . $hash->($style) . "; img-src data:; base-uri 'none'; form-action 'none'",
	'the policy allows this script and this style, by their hashes, and nothing else');
unlike($script . $style, qr/[^\x00-\x7F]/, 'which do not depend on the encoding');

# ---- which job ----

is(data($hostile_job =~ s/'/''/gr, 'one')->{job}{job_id}, $job, 'a job is known by its name');
is(sqlstate(q{SELECT kg_batch.report('no such job', 'one')}), '42704', 'one that is not there is an error');
is(sqlstate(q{SELECT kg_batch.report(NULL::text, 'one')}), '22004', 'so is none');
is(sqlstate(q{SELECT kg_batch.report(1, 'no such graph')}), '42704', 'and a graph that is not there');

kg(q{SELECT kg_batch.create_graph('empty'); SELECT kg_batch.create_job('nothing', graph => 'empty')});
my $empty = data('nothing', 'empty');
is(scalar(map { @{ $empty->{$_} } } qw(nodes edges facts quotes batches times cost errors)), 0, 'a job without anything has data, all empty');
like((page('nothing', 'empty'))[0], qr{</html>\s*$}, 'and a page');

# ---- who sees what ----

kg("CREATE ROLE $_") for qw(a_reader an_auditor nobody other_reader);
kg(q{SELECT kg_batch.grant_access('a_reader', 'reader', 'one'); SELECT kg_batch.grant_access('an_auditor', 'auditor', 'one');
	SELECT kg_batch.grant_access('other_reader', 'auditor', 'empty')});
my $seen = data($job, 'one', first => 'SET ROLE a_reader; ');
is(scalar @{ $seen->{nodes} }, 2 * @hostile, 'a reader sees the graph');
is(scalar @{ $seen->{facts} }, scalar @hostile, 'and its facts');
is("@{ $seen->{quotes} } @{ $seen->{errors} } @{ $seen->{error_groups} } $seen->{is_auditor}", '   0', 'but neither quotes nor errors');
$seen = data($job, 'one', first => 'SET ROLE an_auditor; ');
is(@{ $seen->{quotes} } . ' ' . @{ $seen->{errors} }, @hostile . ' 1', 'an auditor sees both');
is(kg("SET ROLE a_reader; SELECT length(kg_batch.report($job, 'one')) > 100000"), 't', 'a reader gets a page');
is(sqlstate("SET ROLE nobody; SELECT kg_batch.report($job, 'one')"), '42501', 'nobody else does');
is(sqlstate("SET ROLE other_reader; SELECT kg_batch.report($job, 'one')"), '42704', 'nor who may read another graph, for whom this one is not there');
is(sqlstate('SET ROLE a_reader; SELECT kg_batch_internal.report_page()'), '42501', 'what is inside stays closed');

# ---- what was asked, and what it took ----

$job = $node->enqueue('talk', Anna => 'I adopted a dog yesterday. His name is Clyde.', Bob => 'I live in Leeds since March.');
kg('SELECT kg_batch.flush()');
ok($node->wait_for_job($job, 'done'), 'a conversation is read');
my $run = data($job, 'default', first => 'SET intervalstyle = iso_8601; ');
is($run->{job}{percent}, 100, 'all of it');
is(eval { my $sum = 0; $sum += $_->[1] for @{ $run->{times} }; $sum }, kg("SELECT sum(requests) FROM kg_batch.cost WHERE job_id = $job"), 'every answer is in the course of time');
ok((grep { defined $_->[4] && $_->[4] <= $_->[5] && $_->[5] <= $_->[6] } @{ $run->{times} }), 'with latencies that grow by percentile');
like($run->{summary}{total_time}, qr/^\d\d:\d\d:\d\d/, 'intervals are written in one way, whatever the session writes');
is(eval { my $sum = 0; $sum += $_->{cost} for @{ $run->{cost} }; sprintf '%.9f', $sum }, kg("SELECT round(cost, 9) FROM kg_batch.progress WHERE job_id = $job"),
	'what the stages cost is what the job costs');
my ($clyde) = grep { $_->{label} eq 'Clyde' } @{ $run->{nodes} };
my %fact_of = map { $_->[1] => 1 } grep { $_->[0] == $clyde->{id} } @{ $run->{node_facts} };
like(join(' ', map { $_->{quote} } grep { $fact_of{ $_->{fact} } } @{ $run->{quotes} }), qr/Clyde/, 'from a node one comes to its facts, and from those to the words');

# ---- a large graph ----

# 2,400 things; each of 1,200 statements is about one of the first 7 and one other.
sub make_large_graph
{
	my ($name, $order) = @_;
	kg("SELECT kg_batch.create_graph('$name')");
	kg(<<"END");
WITH g AS (SELECT kg_batch.graph_id('$name') AS id),
things AS (
    INSERT INTO kg_batch_internal.node (graph_id, key, is_statement, type, class, label, confidence, mentions)
    SELECT g.id, md5('t' || n)::uuid, false, 'Entity', 'person', 'thing ' || n, 900, 1 FROM g, generate_series(1, 2400) n ORDER BY n $order
    RETURNING node_id, label),
statements AS (
    INSERT INTO kg_batch_internal.node (graph_id, key, is_statement, type, label, confidence, mentions)
    SELECT g.id, md5('s' || n)::uuid, true, 'State', 'state ' || n, 900, 1 FROM g, generate_series(1, 1200) n ORDER BY n $order
    RETURNING node_id, label)
INSERT INTO kg_batch_internal.edge (graph_id, source_id, target_id, predicate, negated, mentions)
SELECT g.id, s.node_id, t.node_id, r.role, false, 1
FROM g, generate_series(1, 1200) n, (VALUES ('agent'), ('object')) AS r (role), statements s, things t
WHERE s.label = 'state ' || n AND t.label = 'thing ' || CASE r.role WHEN 'agent' THEN 1 + n % 7 ELSE 8 + (n * 13) % 2390 END
END
	kg("SELECT kg_batch.create_job('j', graph => '$name')");
	return data('j', $name);
}
my $large = make_large_graph('large', 'ASC');
my %shown = map { $_->{id} => $_ } @{ $large->{nodes} };
is("$large->{nodes_in_all} $large->{edges_in_all}", '3600 2400', 'it says how large the graph is');
is(scalar @{ $large->{nodes} }, 2000, 'and has 2,000 nodes of it');
my %labels = map { $_->{label} => 1 } values %shown;
same([ grep { !$labels{"thing $_"} } 1 .. 7 ], [], 'those that most is said of are among them');
is(scalar(grep { !$shown{ $_->[0] } || !$shown{ $_->[1] } } @{ $large->{edges} }), 0, 'no edge leads to what is not there');
my %both;
$both{ $_->[0] }++ for @{ $large->{edges} };
is(scalar(grep { $_ == 2 } values %both), 793, 'every statement between two things that are there is there');
same([ map { $_->{label} } @{ make_large_graph('again', 'DESC')->{nodes} } ], [ map { $_->{label} } @{ $large->{nodes} } ], 'the same of the same graph, whatever its ids');

$node->stop('fast');
done_testing();
