# The page of report() in a browser: it draws, search finds, a click shows the
# words, what is hostile stays text, the keyboard does what the mouse does, and
# nothing is asked of any other address.

use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));

use JSON::PP ();
use KgBatch::Chromium;
use KgBatch::Cluster;
use KgBatch::HostileGraph;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'chromium is not installed' unless KgBatch::Chromium::program();

my $node = KgBatch::Cluster->with_stand_in('report_in_chromium', settings => { 'kg_batch.use_batch_api' => 'off' });
my $folder = PostgreSQL::Test::Utils::tempdir();
my $hostile_label = (grep { m{^</script>} } @hostile)[0];

sub save
{
	my ($job, $graph) = @_;
	open my $out, '>:raw', "$folder/$graph.html" or die $!;
	print {$out} $node->kg("SELECT kg_batch.report('$job', '$graph')");
	close $out;
	return "file://$folder/$graph.html";
}
sub show
{
	my ($address, %params) = @_;
	my $browser = KgBatch::Chromium->open($address, %params);
	$browser->wait_for('document.getElementById("canvas")?.dataset.state == "drawn"');
	$browser->evaluate('document.getElementById("canvas").scrollIntoView({ block: "center" })');
	return $browser;
}
sub quoted { return JSON::PP->new->allow_nonref->encode($_[0]); }
# Of what is drawn: how many points have a color, and a sum that another picture has not.
my $picture = '[...document.querySelectorAll("%s canvas")].reduce((all, canvas) => {
	const points = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
	for (let i = 3; i < points.length; i += 4) if (points[i]) { all[0] += 1; all[1] = (all[1] * 31 + i + points[i - 1]) %% 1000003; }
	return all; }, [0, 0])';
# Without what the browser says of this test, which looks at the picture.
sub complaints { return grep { !/getImageData/ } $_[0]->complaints; }
sub drawn { my ($browser, $where) = @_; return $browser->evaluate(sprintf $picture, $where); }

# ---- hostile texts ----

make_hostile_graph($node, 'one', 0 .. $#hostile);
$node->kg(q{UPDATE kg_batch_internal.job SET name = '</script><b>j</b>' WHERE graph_id = kg_batch.graph_id('one')});
$node->kg(q{UPDATE kg_batch_internal.chunk SET state = 'failed', error = '<img src=x onerror="document.title=2">' WHERE chunk_id = (SELECT min(chunk_id) FROM kg_batch_internal.chunk)});
my $address = save('</script><b>j</b>', 'one');
my $browser = show($address);
is($browser->evaluate('document.title'), '</script><b>j</b>: kg_batch report', 'the page is there and its name is text');
cmp_ok(drawn($browser, '#canvas')->[0], '>', 2000, 'the graph is drawn');
is($browser->evaluate('document.querySelectorAll("main img, main b, main i, main script").length'), 0, 'no text became an element');
like($browser->evaluate('document.getElementById("errors-body").textContent'), qr/<img src=x onerror="document.title=2">.*kg_batch\.retry/s, 'errors stand there as text, with what to do');

$browser->press('/');
is($browser->evaluate('document.activeElement.id'), 'search', 'a slash leads to the search');
$browser->type('</SCRIPT><img');
is($browser->evaluate('document.querySelector("#found li .found-label").textContent'), $hostile_label, 'search finds, in any case of letters');
$browser->press('Enter');
is($browser->evaluate('document.getElementById("details-title").textContent'), $hostile_label, 'Enter shows it');
is($browser->evaluate('document.querySelector("#details blockquote").firstChild.textContent'), $hostile_label, 'with the words behind it');
is($browser->evaluate('document.activeElement.id'), 'details-title', 'where the keyboard goes on');

# A node that was searched for is in the middle of what is drawn.
my $middle = $browser->evaluate('(({ left, top, width, height }) => [left + width / 2, top + height / 2])(document.getElementById("canvas").getBoundingClientRect())');
$browser->press('Escape');
is($browser->evaluate('document.getElementById("details").hidden'), JSON::PP::true, 'Escape closes it');
is($browser->evaluate('document.activeElement.id'), 'canvas', 'and leads back to the graph');
$browser->click(@$middle);
$browser->wait_for('!document.getElementById("details").hidden');
like($browser->evaluate('document.getElementById("details").textContent'), qr/\Q$hostile_label\E.*Evidence.*\Q$hostile_label\E/s, 'a click on a node shows the words behind it');
unlike($browser->evaluate('document.querySelector("main").textContent'), qr/\[object |undefined|NaN/, 'everything is written as text');
$browser->evaluate('document.querySelector("#details .relations button").click()');
is($browser->evaluate('document.querySelector("#details .kind").textContent'), "State \x{B7} $hostile_label", 'and from there one goes on to what it takes part in');

$browser->evaluate('document.getElementById("canvas").focus()');
for my $key ('ArrowRight', '+', '0')
{
	my $before = drawn($browser, '#canvas')->[1];
	$browser->press($key);
	ok($browser->wait_for(sprintf("($picture)[1] != $before", '#canvas')), "the key $key changes what is drawn");
}
is(join(' ', $browser->requests), $address, 'nothing was asked for but the page');
is(join("\n", complaints($browser)), '', 'and the browser has nothing to complain of');

# ---- the policy is in force ----

is($browser->evaluate('fetch("data:text/plain,x").then(() => "answered", () => "refused")'), 'refused', 'a script could not ask for anything');
is($browser->evaluate('new Promise((done) => { const image = new Image(); image.onload = () => done("shown"); image.onerror = () => done("refused"); image.src = "file:///image.png"; })'),
	'refused', 'nor a picture');
is($browser->evaluate('(() => { const added = document.createElement("script"); added.textContent = "window.ran = 1"; document.body.append(added); return window.ran ?? 0; })()'),
	0, 'nor does another script run');

# ---- a run, light and dark, wide and narrow ----

my $job = $node->enqueue('talk', Anna => 'I adopted a dog yesterday. His name is Clyde.', Bob => 'I live in Leeds since March.');
$node->kg('SELECT kg_batch.flush()');
ok($node->wait_for_job($job, 'done'), 'a conversation is read');
$address = save($job, 'default');
$browser = show($address, dark => 1, width => 400);
is($browser->evaluate('document.documentElement.dataset.theme'), 'dark', 'dark where the system is');
my $dark = $browser->evaluate('getComputedStyle(document.body).backgroundColor');
$browser->evaluate('document.getElementById("theme").click()');
isnt($browser->evaluate('getComputedStyle(document.body).backgroundColor'), $dark, 'light when one wants it');
is($browser->evaluate('document.querySelector("[role=progressbar]").getAttribute("aria-valuenow")'), '100', 'progress is there');
cmp_ok(drawn($browser, '#charts-body')->[0], '>', 1000, 'and charts');
like($browser->evaluate('document.getElementById("cost-body").textContent'), qr/kg_extract/, 'and costs by stage');
is($browser->evaluate('document.documentElement.scrollWidth <= 400'), JSON::PP::true, 'a narrow screen does not have to be moved sideways');
is(join(' ', $browser->requests) . join("\n", complaints($browser)), $address, 'nothing asked for, nothing to complain of');

# ---- as many nodes as it draws ----

$node->kg(q{SELECT kg_batch.create_graph('large'); SELECT kg_batch.create_job('j', graph => 'large')});
$node->kg(<<'END');
WITH g AS (SELECT kg_batch.graph_id('large') AS id),
things AS (
    INSERT INTO kg_batch_internal.node (graph_id, key, is_statement, type, class, label, confidence, mentions)
    SELECT g.id, md5('t' || n)::uuid, false, 'Entity', 'person', 'thing ' || n, 900, 1 FROM g, generate_series(1, 2400) n RETURNING node_id, label),
statements AS (
    INSERT INTO kg_batch_internal.node (graph_id, key, is_statement, type, label, confidence, mentions)
    SELECT g.id, md5('s' || n)::uuid, true, 'State', 'state ' || n, 900, 1 FROM g, generate_series(1, 2400) n RETURNING node_id, label)
INSERT INTO kg_batch_internal.edge (graph_id, source_id, target_id, predicate, negated, mentions)
SELECT g.id, s.node_id, t.node_id, r.role, false, 1
FROM g, generate_series(1, 2400) n, (VALUES ('agent'), ('object')) AS r (role), statements s, things t
WHERE s.label = 'state ' || n AND t.label = 'thing ' || CASE r.role WHEN 'agent' THEN 1 + n % 40 ELSE 41 + (n * 13) % 2350 END
END
$browser = show(save('j', 'large'));
like($browser->evaluate('document.querySelector("#graph-body .note").textContent'), qr/4,800 nodes, 4,800 edges. Here are the 2,000 nodes/, 'of a large graph it says what it shows');
cmp_ok(drawn($browser, '#canvas')->[0], '>', 10000, 'and draws it');
$browser->press('/');
$browser->type('thing 7');
is($browser->evaluate('document.querySelector("#found li .found-label").textContent'), 'thing 7', 'and finds in it');

undef $browser;
$node->stop('fast');
done_testing();
