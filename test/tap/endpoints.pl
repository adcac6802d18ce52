# Requests go where kg_batch.api_base_url says and nowhere else: not where an answer
# redirects to, not where an id out of an answer would lead, and not to a server
# that cannot prove that it is the one. A second server stands by and hears nothing.

use strict;
use warnings;

use IPC::Run ();
use KgBatch::Cluster;
use KgBatch::StandIn;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('endpoints', sim => [ '--batch-turnaround-s', 0.3 ], settings => { fsync => 'off', 'kg_batch.num_pipelines' => 2,
	'kg_batch.batch_min_requests' => 1, 'kg_batch.batch_linger' => '100ms', 'kg_batch.batch_poll_interval' => '100ms' });
my $sim = $node->sim;
my $thief = KgBatch::StandIn->start('thief');
my ($thief_at) = $thief->url =~ m{//(.*)};

my $n = 0;
sub ask
{
	my ($name, $by_batch, @faults) = @_;
	$sim->fault($_) for @faults;
	my $messages = '[{"speaker":"Anna","content":"I adopted a cat called Cat number ' . ++$n . '."}]';
	$node->kg("SELECT kg_batch.create_job('$name', '{\"use_batch_api\": " . ($by_batch ? 'true' : 'false') . "}'), kg_batch.enqueue('$messages', key => '$n', job => '$name', final => true)");
	return;
}
sub is_over
{
	my ($name) = @_;
	return $node->wait_until("SELECT state <> 'running' FROM kg_batch.progress WHERE job = '$name'");
}

# ---- redirects ----

for my $case ([ 'a question', 'chat/completions', 0 ], [ 'an upload', '/v1/files$', 1 ], [ 'a batch', '/v1/batches$', 1 ], [ 'a file', '/content$', 1 ])
{
	my ($name, $path, $by_batch) = @$case;
	my $status = (301, 302, 307, 308)[ $n % 4 ];
	ask($name, $by_batch, { fault => 'status', status => $status, path => $path, count => 1, headers => { Location => $thief->url . "/v1/$status" } });
	ok(is_over($name), "$name that is redirected: comes to an end");
	cmp_ok($sim->stats->{faults}{status} // 1, '>=', 1, "$name: was redirected");
}
is(scalar(grep { ($_->{fault} // '') eq 'status' } @{ $sim->request('GET', '/_sim/journal?limit=1000000')->{entries} }), 4, 'four answers were redirects');

# ---- ids that are addresses ----

# Whatever is asked of the API with such an id, it is asked of the API.
sub asked { return scalar grep { $_->{method} eq 'GET' && $_->{path} =~ /content/ && $_->{status} >= 400 } @{ $sim->request('GET', '/_sim/journal?limit=1000000')->{entries} }; }
for my $id ($thief->url . '/v1/files/x', "\@$thief_at/x", '../../_sim/reset', "x\r\nHost: $thief_at")
{
	my $name = 'id ' . ++$n;
	my $before = asked();
	ask($name, 1, { fault => 'changed_answer', path => '/v1/batches/', set => { '/output_file_id' => $id }, count => 100 });
	ok($node->wait_until(sub { asked() > $before }), "$name: that leads elsewhere is asked for at the base address");
	$node->kg("SELECT kg_batch.cancel('$name')");
	$sim->request('DELETE', '/_sim/faults');
}
is(scalar(grep { $_->{path} !~ m{^/(?:v1|_sim)/} || $_->{path} =~ m{^/_sim/reset} } @{ $sim->request('GET', '/_sim/journal?limit=1000000')->{entries} }), 0,
	'no request left the base address');

# ---- a server that is not the one ----

my $folder = PostgreSQL::Test::Utils::tempdir();
run_log([ 'openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', "$folder/key.pem", '-out', "$folder/cert.pem", '-days', '2',
	'-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost' ]);
my $heard = '';
my $server = IPC::Run::start([ 'openssl', 's_server', '-accept', '127.0.0.1:0', '-key', "$folder/key.pem", '-cert', "$folder/cert.pem", '-naccept', '100' ],
	'<', \undef, '>', \$heard, '2>&1', IPC::Run::timeout(120));
$server->pump until $heard =~ /ACCEPT 127\.0\.0\.1:(\d+)/;
my ($port) = $heard =~ /ACCEPT 127\.0\.0\.1:(\d+)/;
$node->append_conf('postgresql.conf', "kg_batch.api_base_url = 'https://localhost:$port/v1'");
$node->reload;
ask('unproved', 0);
my $health = '';
ok($node->wait_until(sub {
	$server->pump_nb;
	$health = $node->kg("SELECT concat_ws(' ', ok, detail) FROM kg_batch.health() WHERE name = 'api'");
	return $health =~ /certificate/ || slurp_file($node->logfile) =~ /certificate/;
}), 'the work stands still, and it is said why') or diag($health);
is($node->kg(q{SELECT state, chunks_done FROM kg_batch.progress WHERE job = 'unproved'}), 'running|0', 'the job waits');
# The other side was called, and heard that it is not believed.
$server->pump until $heard =~ /alert|ERROR/;
unlike($heard, qr/POST|GET|Authorization|sk-test|adopted/i, 'a certificate that nobody vouches for gets neither key nor text');
$server->kill_kill;
$node->append_conf('postgresql.conf', "kg_batch.api_base_url = '" . $sim->url . "/v1'");
$node->reload;
ok(is_over('unproved'), 'it goes on with the right one');

# ---- without TLS ----

is($node->kg(q{SELECT ok FROM kg_batch.health() WHERE name = 'endpoint'}), 't', 'this machine is near enough to go without TLS');
$node->append_conf('postgresql.conf', "kg_batch.api_base_url = 'http://192.0.2.1/v1'");
$node->reload;
ok($node->wait_until(q{SELECT NOT ok AND hint ~ 'https' FROM kg_batch.health() WHERE name = 'endpoint'}), 'of a far one health says that the key would be read on the way');

is_deeply([ map { $_->{path} } grep { $_->{path} !~ m{^/_sim/} } @{ $thief->request('GET', '/_sim/journal?limit=1000000')->{entries} } ], [], 'the second server heard nothing');
$node->stop('fast');
done_testing();
