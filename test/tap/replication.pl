# The graph's tables can be published, all of them with one word, and followed by
# another server: every one says which of its rows is meant, so nothing that workers
# do is refused, and what arrives is the same graph. Nothing runs there, because what
# was published belongs to the publisher.

use strict;
use warnings;

use KgBatch::Cluster;
use KgBatch::DemoRun;
use PostgreSQL::Test::Utils;
use Test::More;

my %settings = ('fsync' => 'off', 'kg_batch.use_batch_api' => 'off', 'kg_batch.budget_per_day' => 1000);
my $publisher = KgBatch::Cluster->with_stand_in('publisher', settings => { %settings, wal_level => 'logical', max_wal_senders => 100, max_replication_slots => 100 });
my $subscriber = KgBatch::Cluster->with_stand_in('subscriber', slots => 40, settings => { %settings, 'log_min_messages' => 'debug1',
	max_logical_replication_workers => 20, max_sync_workers_per_subscription => 6 });

is($publisher->kg(q{SELECT string_agg(c.relname, ' ') FROM pg_class c WHERE c.relnamespace = 'kg_batch_internal'::regnamespace AND c.relkind IN ('r', 'p')
	AND (c.relreplident <> 'd' OR NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))}), '',
	'every table has a primary key that identifies its rows');

$publisher->kg('CREATE PUBLICATION graphs FOR TABLES IN SCHEMA kg_batch_internal');
my $run = KgBatch::DemoRun->new($publisher, conversations => 6);    # with updates and deletes of what is published
my $conversation = $publisher->kg('SELECT min(key) FROM kg_batch_internal.conversation');
$publisher->kg("SELECT kg_batch.forget('$conversation', graph => 'undisturbed')");
ok($publisher->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}), 'a conversation is forgotten while its tables are published');

# Shipped rows are there already, and the same.
$subscriber->kg(q{DELETE FROM kg_batch_internal.prompt; DELETE FROM kg_batch_internal.predicate; DELETE FROM kg_batch_internal.model_price; DELETE FROM kg_batch_internal.shipped_taxon});
my $where = $publisher->connstr('kg');
$subscriber->kg("CREATE SUBSCRIPTION graphs CONNECTION \$where\$$where\$where\$ PUBLICATION graphs");
ok($subscriber->wait_until(q{SELECT count(*) > 50 AND bool_and(srsubstate = 'r') FROM pg_subscription_rel}, 120), 'all tables are copied');
sub digests { my ($node) = @_; return $node->kg(q{SELECT name, kg_batch.graph_digest(name) FROM kg_batch.graph ORDER BY name}); }
is(digests($subscriber), digests($publisher), 'the graph is the same');
$subscriber->counts_are_right('… and what is counted of its jobs');
$run->begin('later');
ok($publisher->wait_for_job($run->job, 'done', 120), 'more is read while it is followed');
$publisher->kg('CREATE TABLE done (n int)');
my $lsn = $publisher->kg('SELECT pg_current_wal_lsn()');
ok($publisher->wait_until("SELECT bool_and(confirmed_flush_lsn >= '$lsn') FROM pg_replication_slots", 60), 'what came later arrives');
is(digests($subscriber), digests($publisher), '… and is the same');
$subscriber->counts_are_right('… as what is counted of its jobs');
like(digests($subscriber), qr/^later\|/m, '… with what came later');
is($subscriber->kg(q{SELECT count(*) FROM kg_batch.find('dog', graph => 'later')}), $publisher->kg(q{SELECT count(*) FROM kg_batch.find('dog', graph => 'later')}), '… and can be read');

my $log = -s $subscriber->logfile;
$subscriber->kg('SELECT kg_batch.start()');
ok($subscriber->wait_until(sub { slurp_file($subscriber->logfile, $log) =~ qr/background worker "kg_batch coordinator" \(PID \d+\) exited with exit code 0/ }), 'a coordinator that is asked for there looks and leaves');
is(scalar($subscriber->sim->chats), 0, '… and asks nothing');
like($subscriber->kg(q{SELECT ok, detail FROM kg_batch.health() WHERE name = 'home'}), qr/^f\|this database is a copy/, '… which health() says');

$subscriber->kg('DROP SUBSCRIPTION graphs');
$publisher->stop('fast');
$subscriber->stop('fast');
done_testing();
