# wait commits, again and again, so that it holds no snapshot while it waits. Inside a
# transaction it could not: it refuses at once rather than wait with everything of the
# caller's held, in a block, in a function, under a savepoint. And nobody waits for
# what he may not read.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = PostgreSQL::Test::Cluster->new('wait_refuses');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
# Nothing listens there: what is enqueued stays open.
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'kg_batch'\nmax_worker_processes = 16\nkg_batch.api_base_url = 'http://127.0.0.1:1/v1'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE kg');
$node->safe_psql('kg', q{
	CREATE EXTENSION kg_batch;
	SELECT kg_batch.create_graph('default'), kg_batch.create_graph('other');
	CREATE ROLE nobody; CREATE ROLE rita;
	SELECT kg_batch.grant_access('rita', 'reader', 'default');
	SELECT kg_batch.create_job('open'), kg_batch.enqueue('[{"speaker": "Anna", "content": "I adopted a cat."}]', job => 'open', final => true);
	SELECT kg_batch.create_job('hidden', graph => 'other');
	CREATE FUNCTION waits() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CALL kg_batch.wait('open', 600.0); END $$;
	CREATE PROCEDURE waits_outside() LANGUAGE plpgsql AS $$ BEGIN CALL kg_batch.wait('open', 0.1); END $$;
});
my $other_job = $node->safe_psql('kg', "SELECT job_id FROM kg_batch.progress WHERE job = 'hidden'");

# Error code, or 'fine'. An error comes at once: the timeout of the call is ten minutes, that of psql one.
sub outcome
{
	my ($sql) = @_;
	my ($out, $err, $timed_out) = ('', '', 0);
	my $code = $node->psql('kg', "\\set VERBOSITY verbose\n$sql", stdout => \$out, stderr => \$err, timeout => 60, timed_out => \$timed_out);
	return 'waited' if $timed_out;
	return $err =~ /ERROR:  (\w{5}): / ? $1 : "fine $code";
}

for my $case (
	[ 'in a transaction block', "BEGIN; CALL kg_batch.wait('open', 600.0);" ],
	[ 'for all jobs', 'BEGIN; CALL kg_batch.wait();' ],
	[ 'with an interval', "BEGIN; CALL kg_batch.wait('open', interval '10 minutes');" ],
	[ 'with a text', "BEGIN; CALL kg_batch.wait('open', '10 minutes');" ],
	[ 'by id', 'BEGIN; CALL kg_batch.wait(1, 600.0);' ],
	[ 'under a savepoint', "BEGIN; SAVEPOINT s; CALL kg_batch.wait('open', 600.0);" ],
	[ 'after something was read', "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1; CALL kg_batch.wait('open', 600.0);" ],
	[ 'in a function', 'SELECT waits();' ],
	[ 'in a block that is in a transaction', "BEGIN; DO \$\$ BEGIN CALL kg_batch.wait('open', 600.0); END \$\$;" ],
	[ 'where there is nothing to wait for', "BEGIN; CALL kg_batch.wait('hidden', 600.0, 'other');" ])
{
	is(outcome($case->[1]), '25001', "$case->[0]: it refuses at once");
}
is(outcome("CALL kg_batch.wait('open', 0.1);"), 'fine 0', 'outside it waits');
is(outcome('CALL waits_outside();'), 'fine 0', 'in a procedure too');
is(outcome("DO \$\$ BEGIN CALL kg_batch.wait('open', 0.1); END \$\$;"), 'fine 0', 'and in a block of its own');

# ---- while it waits ----

my $waiting = $node->background_psql('kg', on_error_stop => 0);
$waiting->query_until(qr/begun/, "SET application_name = 'waiting';\n\\echo begun\nCALL kg_batch.wait('open', 600.0);\n");
ok($node->poll_query_until('kg', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'waiting' AND query ~ 'CALL'}), 'one waits');
my $bare = 0;
for (1 .. 200)
{
	$bare++ if $node->safe_psql('kg', q{SELECT backend_xmin IS NULL AND backend_xid IS NULL AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'relation')
		FROM pg_stat_activity a WHERE application_name = 'waiting'}) eq 't';
	last if $bare == 10;
	sleep 0.05;
}
is($bare, 10, 'again and again it has no snapshot and no lock of a table');
$node->safe_psql('kg', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'waiting'});
ok($node->poll_query_until('kg', q{SELECT state = 'idle' FROM pg_stat_activity WHERE application_name = 'waiting'}), 'and it can be cancelled at any moment');
$waiting->quit;

# ---- for whom ----

is(outcome("SET ROLE nobody; CALL kg_batch.wait('open', 0.1);"), '42501', 'a role without grants may not call it');
is(outcome("SET ROLE rita; CALL kg_batch.wait('open', 0.1);"), 'fine 0', 'a reader may');
is(outcome("SET ROLE rita; CALL kg_batch.wait('hidden', 0.1, 'other');"), '42704', 'not for a graph that is not hers');
is(outcome("SET ROLE rita; CALL kg_batch.wait($other_job, 0.1, 'default');"), '42704', 'nor by the number of a job there');

$node->stop('immediate');
done_testing();
