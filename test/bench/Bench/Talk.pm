# Generated conversations (Bench::Conversations) of five sentences, about 12
# mentions, 8 nodes and 10 edges, in a server whose stand-in knows what they mean.
#
#   my $server = Bench::Talk::server($option, $portions, settings => {…}, sim => '…');
#   Bench::Talk::hand_in($server, 'graph', $portion, '{"paused":true}');   the job is `read`
package Bench::Talk;

use strict;
use warnings;

use Bench::Conversations;
use Bench::Sandbox;

our $sentences = 5;

# Portions of so many conversations each, the same for everybody.
sub portions
{
	my (@sizes) = @_;
	Bench::Conversations::begin(1);
	my $n = 0;
	return [ map { [ map { [ Bench::Conversations::conversation(++$n, $sentences) ] } 1 .. $_ ] } @sizes ];
}

sub server
{
	my ($option, $portions, %params) = @_;
	my $server = Bench::Sandbox->new(built => $option->{built}, gold => Bench::Conversations::gold(), sim => '--mode oracle ' . ($params{sim} // ''),
		settings => { 'kg_batch.real_time_chunk_size' => $sentences, %{ $params{settings} // {} } });
	$server->sql('CREATE TABLE said (portion int, n int GENERATED ALWAYS AS IDENTITY, conversation text, speaker text, content text, sent_at timestamptz);'
		  . "COPY said (portion, conversation, speaker, content, sent_at) FROM stdin;\n"
		  . join('', map { my $portion = $_; map { join("\t", $portion, @$_{qw(conversation speaker content sent_at)}) . "\n" } map { @$_ } @{ $portions->[$portion] } } 0 .. $#$portions)
		  . "\\.\nCREATE INDEX ON said (portion); VACUUM ANALYZE said");
	return $server;
}

sub hand_in
{
	my ($server, $graph, $portion, $options) = @_;
	$server->sql("SELECT kg_batch.create_graph('$graph'); SELECT kg_batch.create_job('read', '$options', graph => '$graph');"
		  . "SELECT kg_batch.enqueue_query('SELECT conversation, speaker, content, sent_at FROM said WHERE portion = $portion ORDER BY n', job => 'read', graph => '$graph')");
	return;
}

# Rows of the graph that a table has.
sub rows
{
	my ($server, $graph, $table) = @_;
	return $server->value("SELECT count(*) FROM kg_batch_internal.$table JOIN kg_batch_internal.graph g USING (graph_id) WHERE g.name = '$graph'");
}

1;
