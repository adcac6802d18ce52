# The key comes out of a file or the server's environment, goes into the header of
# requests, and is nowhere else: not in the log at its most talkative, not in a
# table, a view, a setting, a dump, a notification, an error or any file of the data
# directory, whatever the API answers, the key itself repeated included.

use strict;
use warnings;

use JSON::PP ();
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

delete $ENV{OPENAI_API_KEY};
my $key = 'sk-marker-' . join '', map { ('a' .. 'z', 0 .. 9)[ rand 36 ] } 1 .. 40;
my ($marker) = $key =~ /(.{24})$/;
my $node = KgBatch::Cluster->with_stand_in('secrets', sim => [ '--api-key', $key, '--batch-turnaround-s', 0.3 ], settings => {
	log_min_messages => 'debug5', log_statement => 'all', log_error_verbosity => 'verbose', track_activity_query_size => 100_000, fsync => 'off',
	'kg_batch.batch_min_requests' => 1, 'kg_batch.batch_linger' => '100ms', 'kg_batch.batch_poll_interval' => '100ms', 'kg_batch.num_pipelines' => 2 });
my $sim = $node->sim;
my $key_file = $node->basedir . '/api_key';
my $seen = '';    # all that a client was told

sub write_key
{
	my ($text, $mode) = @_;
	chmod 0600, $key_file;
	open my $out, '>', $key_file or die $!;
	print {$out} $text;
	close $out;
	chmod $mode, $key_file;
	$node->reload;
	return;
}
sub told
{
	my ($sql) = @_;
	my ($out, $err) = ('', '');
	$node->psql('kg', $sql, stdout => \$out, stderr => \$err);
	$seen .= "$out\n$err\n";
	return $out;
}
# A job of two conversations, under a fault; psql shows what it is told of the workers meanwhile.
my $n = 0;
sub ask
{
	my ($name, $by_batch, $state, @faults) = @_;
	$sim->request('DELETE', '/_sim/faults');
	$sim->fault($_) for @faults;
	told("SELECT kg_batch.create_job('$name', '{\"use_batch_api\": " . ($by_batch ? 'true' : 'false') . ', "max_attempts": 2}\')');
	for (1, 2)
	{
		my $messages = '[{"speaker":"Anna","content":"I adopted a cat called Cat number ' . ++$n . '."}]';
		told("SELECT kg_batch.enqueue('$messages', key => 'talk $n', job => '$name', final => true)");
	}
	ok($node->wait_until(sub {
		$seen .= join "\n", $node->kg('SELECT * FROM pg_stat_activity'), $node->kg('SELECT * FROM kg_batch.health()');
		return $node->kg("SELECT state FROM kg_batch.progress WHERE job = '$name'") =~ /^$state$/;
	}, 60), "$name: $state");
	told("CALL kg_batch.wait('$name', 0.1); SELECT * FROM kg_batch.errors; SELECT * FROM kg_batch.progress");
	return;
}

my %echo = (message => "Incorrect API key provided: $key. Authorization: Bearer $key", code => 'invalid_api_key');
my %once = (count => 1);

# ---- a file that others may read is no key ----

write_key("$key\n", 0644);
ask('a file for all', 0, 'running');
ok($node->wait_until(sub { slurp_file($node->logfile) =~ /cannot ask anything: the API key file is not private/ }), 'the log says why nothing is asked');
is(told("SELECT ok, detail ~ 'can be read by others', hint FROM kg_batch.health() WHERE name = 'api key'"), 'f|t|Set its mode to 0600.', 'health says so, and what to do');
write_key("$key\n$key\n", 0600);
ok($node->wait_until(sub { slurp_file($node->logfile) =~ /the API key file holds no key/ }), 'nor are two lines a key');
is(told('SELECT count(*) FROM kg_batch_internal.answer'), 0, 'and nothing was asked');
write_key("$key\n", 0600);
is(told("SELECT ok FROM kg_batch.health() WHERE name = 'api key'"), 't', 'the key is there');
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress WHERE job = 'a file for all'}), 'and is used without a restart');

# ---- work that goes well, and every way in which it does not ----

ask('direct', 0, 'done');
ask('by batch', 1, 'done');
cmp_ok($sim->stats->{all}{answers}, '>=', 6, 'the key is the one that the API takes');
for my $by_batch (0, 1)
{
	my $how = $by_batch ? 'by batch' : 'directly';
	my $path = $by_batch ? '/v1/(files|batches)' : 'chat/completions';
	ask("401 $how", $by_batch, 'paused', { fault => 'unauthorized', path => $path, %echo });
	ask("redirect $how", $by_batch, '(?:done|paused)', { fault => 'status', status => 307, path => $path, headers => { Location => $sim->url . "/v1/elsewhere?$key", 'x-request-id' => $key }, %echo, %once });
	next if $by_batch;
	ask("500 $how", $by_batch, 'done', { fault => 'internal_error', path => $path, %echo, %once });
	ask("refused $how", $by_batch, 'done', { fault => 'refuse_connections', path => $path, ms => 500, %once });
}
ask('validation', 1, '(?:done|paused)', { fault => 'validation_fails', code => 'invalid_request', message => "the key $key", %once });
ask('a line with a status', 1, 'paused', { fault => 'line_status', status => 401, %echo, %once });
ask('an answer of a batch', 1, 'done', { fault => 'answer_text', text => "not JSON, but $key", stage => 'kg_extract', %once });

# ---- out of the environment ----

# PostgreSQL itself writes its environment to the log when it starts at debug3 or more.
$sim->request('DELETE', '/_sim/faults');
$node->append_conf('postgresql.conf', "kg_batch.api_key_file = ''\nlog_min_messages = debug2");
{
	local $ENV{OPENAI_API_KEY} = $key;
	$node->restart;
}
$node->append_conf('postgresql.conf', 'log_min_messages = debug5');
$node->reload;
my $listener = $node->background_psql('kg', on_error_stop => 1);
$listener->query_safe('LISTEN kg_batch');
ask('environment', 0, 'done');
ask('environment, refused', 0, 'paused', { fault => 'unauthorized', %echo });
$seen .= $listener->query('SELECT 1');
$listener->quit;

# ---- everything that can be looked at ----

unlike($seen, qr/\Q$marker\E/, 'no client was told of it, in no result, notice, error or notification');
my ($dump) = run_command([ 'pg_dumpall', '-d', $node->connstr('postgres') ]);
like($dump, qr/cat called Cat number 1\./i, 'a dump has the conversations');
unlike($dump, qr/\Q$marker\E/, 'and not the key');
my $log = slurp_file($node->logfile);
like($log, qr/DEBUG:  /, 'the log is at its most talkative');
unlike($log, qr/\Q$marker\E/, 'and does not have it') or diag(join "\n", map { substr $_, 0, 300 } grep { /\Q$marker\E/ } split /\n/, $log);

# Every file of the data directory: tables, indexes, the log of changes, statistics.
$node->kg('CHECKPOINT');
my ($files) = run_command([ 'grep', '-rlaF', $marker, $node->data_dir ]);
is($files, '', 'no file of the data directory has it');

# Each relation of the database, system catalogs and views included. The marker goes
# there in halves, so as not to be found in what looks for it.
my ($left, $right) = $marker =~ /^(.{12})(.*)$/;
$node->kg(q{CREATE FUNCTION public.holds(name regclass, l text, r text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    found boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %s t WHERE strpos(t::text, $1 || $2) > 0)', name) INTO found USING l, r;
    RETURN found;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$});
my $looked = $node->kg("SELECT string_agg(oid::regclass::text, ' ') FILTER (WHERE public.holds(oid, '$left', '$right')), count(*) FILTER (WHERE NOT public.holds(oid, '$left', '$right')) > 200
	FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'p')");
is($looked, '|t', 'no table and no view has it, of hundreds');
$node->kg("CREATE TABLE public.planted AS SELECT '$left' || '$right' AS key");
is($node->kg("SELECT public.holds('public.planted', '$left', '$right')"), 't', 'and it would have been found');
$node->kg('DROP TABLE public.planted');

$node->stop('fast');
done_testing();
