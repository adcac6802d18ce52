# enqueue_query of messages against plain INSERT … SELECT: of the rows that it made,
# into the same tables, with their indexes and foreign keys; and of the source's
# rows into a table with nothing but a primary key, which says less, for scale.
use strict;
use warnings;

use Bench::Sandbox;

my $per_conversation = 50;

sub measure_enqueue
{
	my ($option) = @_;
	my $server = Bench::Sandbox->new(built => $option->{built});
	$server->sql(<<"END");
CREATE TABLE said AS SELECT n / $per_conversation AS conversation, 'speaker ' || n % 3 AS speaker, timestamptz '2024-01-01' + n * interval '1 minute' AS sent_at,
	'I told ' || md5(n::text) || ' that the ' || md5((n / 7)::text) || ' of last year was better, and that nobody has seen it since.' AS content
FROM generate_series(0, $option->{messages} - 1) n;
CREATE TABLE bare (LIKE said);
ALTER TABLE bare ADD n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
VACUUM ANALYZE said;
END
	my (@against_same, @against_bare, @per_second);
	# The first time is the warm-up.
	for my $time (0 .. $option->{repeats})
	{
		my ($ours, $same, $bare) = one_time($server, "time_$time");
		next if $time == 0;
		push @against_same, $same / $ours;
		push @against_bare, $bare / $ours;
		push @per_second, $option->{messages} / $ours;
	}
	return [
		{ figure => 'messages a second, share of plain SQL of the same rows into the same tables', values => \@against_same, target => [ 'at least', 0.5 ] },
		{ figure => 'the same against the source\'s rows into a table with a primary key alone', values => \@against_bare },
		{ figure => 'messages a second', values => \@per_second, digits => 0 } ];
}

sub one_time
{
	my ($server, $graph) = @_;
	$server->sql("SELECT kg_batch.create_graph('$_'), kg_batch.create_job('read', '{\"paused\":true}', graph => '$_')") for $graph, "${graph}_plain";
	$server->sql('TRUNCATE bare RESTART IDENTITY; CHECKPOINT');
	my $ours = $server->seconds("SELECT kg_batch.enqueue_query('SELECT conversation, speaker, content, sent_at FROM said', job => 'read', graph => '$graph')");
	my %id = map { $_ => $server->value("SELECT graph_id FROM kg_batch.graph WHERE name = '$_'") } $graph, "${graph}_plain";
	my ($from, $to) = @id{ $graph, "${graph}_plain" };
	my %columns = map {
		$_ => $server->value("SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
			WHERE attrelid = 'kg_batch_internal.$_'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('graph_id', 'job_id')")
	} qw(conversation message);
	my $job = $server->value("SELECT job_id FROM kg_batch_internal.job WHERE graph_id = $to AND name = 'read'");
	$server->sql('CHECKPOINT');
	my $same = $server->seconds(<<"END");
BEGIN;
INSERT INTO kg_batch_internal.conversation (graph_id, job_id, $columns{conversation})
	SELECT $to, $job, $columns{conversation} FROM kg_batch_internal.conversation WHERE graph_id = $from ORDER BY conversation_id;
INSERT INTO kg_batch_internal.message (graph_id, $columns{message})
	SELECT $to, $columns{message} FROM kg_batch_internal.message WHERE graph_id = $from ORDER BY message_id;
COMMIT
END
	my ($made, $copied) = map { $server->value("SELECT count(*) FROM kg_batch_internal.message WHERE graph_id = $_") } $from, $to;
	die "$copied of $made messages were copied\n" unless $made && $made == $copied;
	$server->sql('CHECKPOINT');
	my $bare = $server->seconds('INSERT INTO bare (conversation, speaker, sent_at, content) SELECT conversation, speaker, sent_at, content FROM said');
	$server->sql("SELECT kg_batch.drop_graph('$_')") for $graph, "${graph}_plain";
	$server->sql('VACUUM kg_batch_internal.message, kg_batch_internal.conversation, kg_batch_internal.ready');
	return ($ours, $same, $bare);
}

{ measure => \&measure_enqueue, scale => { tiny => { messages => 1_000 }, small => { messages => 20_000 }, full => { messages => 1_000_000 } } };
