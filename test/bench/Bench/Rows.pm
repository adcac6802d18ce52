# What plain SQL takes to write the rows that a graph has come to have: they are kept
# in tables of their own, the graph is dropped, and then INSERT … SELECT puts them
# back, in one transaction, into the same tables with their indexes and foreign keys.
#
#   my $seconds = Bench::Rows::written_plainly($server, 'graph')
#
# What was handed in (conversations and messages) is put back before and not timed.
package Bench::Rows;

use strict;
use warnings;

my %handed_in = map { $_ => 1 } qw(graph job conversation message);

sub written_plainly
{
	my ($server, $graph) = @_;
	my $graph_id = $server->value("SELECT graph_id FROM kg_batch_internal.graph WHERE name = '$graph'");
	my @tables = in_order_of_references($server);
	my %columns = columns_of($server);
	$server->sql('DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept;' . join '',
		map { "CREATE TABLE kept.$_ AS SELECT * FROM kg_batch_internal.$_ WHERE graph_id = $graph_id;\n" } @tables);
	# A message points to its segment, which comes after it: that is left to those who cut.
	$server->sql('UPDATE kept.message SET segment_id = NULL');
	my %kept = map { $_ => $server->value("SELECT count(*) FROM kept.$_") } @tables;
	@tables = grep { $kept{$_} } @tables;
	$server->sql("SELECT kg_batch.drop_graph('$graph')");
	# The ledger and what happened outlive a graph: they are there already.
	@tables = grep { $server->value("SELECT count(*) FROM kg_batch_internal.$_ WHERE graph_id = $graph_id") == 0 } @tables;
	# VACUUM is not for a transaction of several statements, and psql sends these one by one.
	$server->sql(join ";\n", map { "VACUUM kg_batch_internal.$_" } @tables);
	$server->sql(join '', map { insert($_, $columns{$_}) } grep { $handed_in{$_} } @tables);
	# In the middle of the transaction it would see none of its rows, and have foreign keys
	# looked up by the wrong index.
	$server->sql('ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf(); CHECKPOINT');
	my $seconds = $server->seconds('BEGIN;' . join('', map { insert($_, $columns{$_}) } grep { !$handed_in{$_} } @tables) . 'COMMIT');
	$server->sql('ALTER SYSTEM RESET autovacuum; SELECT pg_reload_conf()');
	for my $table (@tables)
	{
		my $now = $server->value("SELECT count(*) FROM kg_batch_internal.$table WHERE graph_id = $graph_id");
		die "$table has $now rows again of $kept{$table}\n" if $now != $kept{$table};
	}
	$server->sql("SELECT kg_batch.drop_graph('$graph'); DROP SCHEMA kept CASCADE");
	return $seconds;
}

sub insert { my ($table, $columns) = @_; return "INSERT INTO kg_batch_internal.$table ($columns) SELECT $columns FROM kept.$table;\n"; }

# All that a graph's rows are in, but for the queue, which is empty in the end, and for
# counts, which triggers write.
sub in_order_of_references
{
	my ($server) = @_;
	my @tables = map { $_->[0] } $server->sql(q{SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'graph_id'
		WHERE c.relnamespace = 'kg_batch_internal'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN ('ready', 'claimed', 'turn',
			'job_count', 'job_count_change', 'conversation_count', 'conversation_change') ORDER BY 1});
	my %references;
	push @{ $references{ $_->[0] } }, $_->[1] for $server->sql(q{SELECT c.relname, f.relname FROM pg_constraint k
		JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
		WHERE k.contype = 'f' AND k.connamespace = 'kg_batch_internal'::regnamespace AND c.oid <> f.oid AND (c.relname, f.relname) <> ('message', 'segment')});
	my (@ordered, %placed);
	my %is_one = map { $_ => 1 } @tables;
	my $place;
	$place = sub {
		my ($table) = @_;
		return if $placed{$table}++ || !$is_one{$table};
		$place->($_) for sort @{ $references{$table} // [] };
		push @ordered, $table;
	};
	$place->($_) for @tables;
	return @ordered;
}

sub columns_of
{
	my ($server) = @_;
	return map { @$_ } $server->sql(q{SELECT c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
		WHERE c.relnamespace = 'kg_batch_internal'::regnamespace AND c.relkind = 'r' GROUP BY 1});
}

1;
