# What the caller is told: enqueue once a session and when something needs
# attention, enqueue_text and enqueue_query always; which way it goes and for how
# much. And that databases in other encodings are refused before anything breaks.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

delete $ENV{OPENAI_API_KEY};
my $node = PostgreSQL::Test::Cluster->new('notices');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'kg_batch'\nmax_worker_processes = 16\n"
	  # Nothing listens there: what is enqueued here is never read.
	  . "kg_batch.api_base_url = 'http://127.0.0.1:1/v1'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE kg');
$node->safe_psql('kg', "CREATE EXTENSION kg_batch; SELECT kg_batch.create_graph('default')");

sub told
{
	my ($sql) = @_;
	my ($out, $err) = ('', '');
	my $code = $node->psql('kg', $sql, stdout => \$out, stderr => \$err);
	is($code, 0, 'taken') or diag($err);
	return $err;
}
sub count_of { my ($text, $pattern) = @_; return scalar(() = $text =~ /$pattern/g); }

my $messages = '[' . join(',', map { qq({"speaker":"Anna","content":"Sentence number $_ is about the sea."}) } 1 .. 30) . ']';

my $err = told("SELECT kg_batch.enqueue('$messages'); SELECT kg_batch.enqueue('$messages');");
is(count_of($err, 'took 30 new messages of 1 conversation into job "inbox"'), 1, 'enqueue says once a session what it took');
is(count_of($err, 'took'), 1, 'and nothing of the second call');
like($err, qr/1 request to gpt-6-luna goes directly, because fewer than 20 \(batch_min_requests\).*seconds.*for about \$0\.\d+/, 'which way, how long, how much');
is(count_of($err, 'no API key'), 2, 'a missing key each time');

my $key_file = $node->basedir . '/key';
append_to_file($key_file, "sk-test\n");
chmod 0600, $key_file;
$node->append_conf('postgresql.conf', "kg_batch.api_key_file = '$key_file'\n");
$node->reload;
$node->poll_query_until('kg', "SELECT current_setting('kg_batch.api_key_file') <> ''");

$err = told("SELECT kg_batch.enqueue('$messages')");
like($err, qr/took 0 new messages.*30 repeats.*Nothing is asked, nothing is paid/s, 'the same again costs nothing, and it says so');
unlike($err, qr/API key/, 'the key is there');
unlike(told("SELECT kg_batch.enqueue('[]'); \\o /dev/null\nSELECT kg_batch.enqueue('$messages')"), qr/took.*took/s, 'no second word in a session');

$err = told(q{SELECT kg_batch.enqueue_text(E'Anna: I adopted a dog.\nBob: Great!\nAnna: He is called Clyde.\nBob: Nice.');
	SELECT kg_batch.enqueue_text(E'Anna: I adopted a dog.\nBob: Great!\nAnna: He is called Clyde.\nBob: Nice.')});
is(count_of($err, 'took'), 2, 'enqueue_text always says what it took');

my $rows = q{SELECT 'log ' || n / 30 AS conversation, 'Anna' AS speaker, 'Sentence number ' || n || ' is about the sea.' AS content, n AS number FROM generate_series(0, 1499) n};
$err = told("SELECT kg_batch.enqueue_query(\$\$$rows\$\$, dry_run => true)");
like($err, qr/would take 1500 new messages of 50 conversations/, 'a dry run says what it would take');
like($err, qr/About 50 requests to gpt-6-luna go by batch: half the price, within 24 hours, for about \$\S+ \(directly it would be \$/, 'by batch, with both prices');
like($err, qr/Columns that are not read: number\./, 'columns that say nothing are named');
is($node->safe_psql('kg', "SELECT count(*) FROM kg_batch_internal.conversation WHERE key LIKE 'log %'"), '0', 'and stores nothing');

$err = told(q{SELECT kg_batch.enqueue('[{"speaker":"Anna","content":"I live in Rome."}]', key => 'chat')});
like($err, qr/What is still open is read .* at kg_batch\.flush\(\), or 30 minutes after/, 'an open conversation: when it is read');

$node->safe_psql('kg', q{SELECT kg_batch.create_job('paused', '{"paused": true}')});
like(told(q{SELECT kg_batch.enqueue('[]', job => 'paused')}), qr/job "paused" is paused.*kg_batch\.resume\('paused'\)/s, 'a paused job');
$node->safe_psql('kg', 'SELECT kg_batch.stop()');
like(told(q{SELECT kg_batch.enqueue('[]')}), qr/kg_batch is stopped.*kg_batch\.start\(\)/s, 'stopped');
$node->safe_psql('kg', 'DELETE FROM kg_batch_internal.home');
like(told(q{SELECT kg_batch.enqueue('[]')}), qr/this database is a copy/, 'a copy');

$node->safe_psql('postgres', "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
$node->safe_psql('latin', 'CREATE EXTENSION kg_batch');
my ($out, $refused) = ('', '');
$node->psql('latin', q{SELECT kg_batch.enqueue('[{"speaker":"Anna","content":"x"}]')}, stdout => \$out, stderr => \$refused);
like($refused, qr/kg_batch needs a database with the encoding UTF8.*LATIN1/s, 'a database in another encoding');

$node->stop('immediate');
done_testing();
