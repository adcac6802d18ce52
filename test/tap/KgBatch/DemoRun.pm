# The conversations of the demo, read once for each graph: what a fault must not
# change of the graph, of the answers paid and of the ledger.
#
#   my $run = KgBatch::DemoRun->new($node, %options)    reads them once without a fault, into 'undisturbed';
#                                                   of the options `conversations` is how many (all)
#   $run->begin('name', { fault => … }, …)          a graph and a job of that name, with these faults
#   $run->whole('name', repeated => 1, …)           done, the same graph, nothing paid twice, the ledger is the bill
#   KgBatch::DemoRun::told($listener, 'paused')    how often a background psql that listens heard so
#   $run->job, $run->progress('cost'), $run->batches
package KgBatch::DemoRun;

use strict;
use warnings;

use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

sub new
{
	my ($class, $node, %options) = @_;
	my @files = sort glob 'demo/conversations/*.json';
	@files = @files[0 .. delete($options{conversations}) - 1] if $options{conversations};
	my $self = bless { node => $node, options => JSON::PP::encode_json(\%options),
		conversations => [ map { JSON::PP->new->utf8->decode(slurp_file($_)) } @files ] }, $class;
	$self->begin('undisturbed');
	$self->whole('undisturbed');
	$self->{chunks} = $self->progress('chunks');
	return $self;
}

sub job { return $_[0]{job}; }
sub chunks { return 0 + $_[0]{chunks}; }
sub progress { return $_[0]{node}->kg("SELECT $_[1] FROM kg_batch.progress WHERE job_id = $_[0]{job}"); }

# Ours, oldest first: the columns that are asked for.
sub batches
{
	my ($self, $columns) = @_;
	return split /\n/, $self->{node}->kg("SELECT $columns FROM kg_batch.batches b
		WHERE EXISTS (SELECT FROM kg_batch_internal.batch_job j WHERE j.batch_id = b.batch_id AND j.job_id = $self->{job}) ORDER BY batch_id");
}

# How often a listener was told of a state: all that it hears until the first time, and what comes with two more looks.
sub told
{
	my ($listener, $state) = @_;
	my ($told, $more) = ('', 2);
	for (1 .. 600)
	{
		$told .= $listener->query('SELECT 1') . "\n";
		last if $told =~ /$state/ && $more-- == 0;
		sleep 0.1;
	}
	$listener->quit;
	return scalar grep { $_->{state} eq $state } map { JSON::PP->new->decode($_) } $told =~ /notification "kg_batch" with payload "(.*)" received/g;
}

# What was dropped of result files, with the reason.
sub quarantined
{
	my ($self, $reason) = @_;
	return $self->{node}->kg("SELECT count(*) FROM kg_batch_internal.rejected r WHERE job_id = $self->{job} AND source = 'batch line' AND reason ~ '$reason'");
}

sub begin
{
	my ($self, $graph, @faults) = @_;
	my $sim = $self->{node}->sim;
	$sim->request('POST', '/_sim/reset');
	$sim->fault(\@faults) if @faults;
	my @sql = ("SELECT kg_batch.create_graph('$graph')", "SELECT kg_batch.create_job('read', '$self->{options}', graph => '$graph')");
	for my $conversation (@{ $self->{conversations} })
	{
		my $messages = JSON::PP->new->ascii->encode($conversation->{messages});
		push @sql, "SELECT kg_batch.enqueue(\$json\$$messages\$json\$::jsonb, key => '$conversation->{key}', job => 'read', final => true, graph => '$graph')";
	}
	$self->{job} = (split /\n/, $self->{node}->kg(join ';', 'BEGIN', @sql, 'COMMIT'))[-1];
	return $self->{job};
}

# `repeated` answers were asked for again, because the first ones cannot be had;
# `errors` rows stay in kg_batch.errors; `bill` false where the ledger cannot know it.
sub whole
{
	my ($self, $name, %expect) = @_;
	my $node = $self->{node};
	ok($node->wait_for_job($self->{job}, 'done', 120), "$name: done");
	is($self->progress('chunks_done = chunks AND chunks > 0'), 't', "$name: every chunk is done");
	is($node->kg("SELECT count(*) FROM kg_batch.errors WHERE job_id = $self->{job}"), $expect{errors} // 0, "$name: no more errors than there were");
	is($node->kg("SELECT kg_batch.graph_digest('$name') = kg_batch.graph_digest('undisturbed')"), 't', "$name: the same graph");
	my $stats = $node->sim->stats;
	is($stats->{repeated_answers}, $expect{repeated} // 0, "$name: so many questions were answered twice");
	cmp_ok(abs($stats->{all}{usd} - $self->progress('cost')), '<', 1e-9, "$name: the ledger is the bill") if $expect{bill} // 1;
	is($node->kg('SELECT abs(sum(reserved)) < 1e-9 FROM kg_batch_internal.spending'), 't', "$name: nothing stays reserved");
	return;
}

1;
