# What is counted of jobs is right at every moment at which somebody looks, while
# several pipelines change it and the coordinator folds it, and after everything that
# persons do to jobs; what is rolled back was never counted. Percent does not go back.

use strict;
use warnings;

use KgBatch::Cluster;
use Test::More;

my $node = KgBatch::Cluster->with_stand_in('counting', sim => [ '--latency-ms', 20 ],
	settings => { fsync => 'off', 'kg_batch.use_batch_api' => 'off', 'kg_batch.num_pipelines' => 4, 'kg_batch.commit_frequency' => 3, 'kg_batch.budget_per_day' => 1000 });

# ---- while it is worked on ----

$node->kg(q{SELECT kg_batch.create_job('read', '{"paused": true}')});
$node->enqueue_many('cat', 300, job => 'read');
$node->kg(q{SELECT kg_batch.resume('read')});
my (@wrong, @percents);
my $looks = 0;
ok($node->wait_until(sub {
	# One statement, so of one moment.
	my ($state, $percent, $differ) = split /\|/, $node->kg(q{SELECT p.state, p.percent, (SELECT string_agg(d::text, ' ') FROM kg_batch_internal.count_difference d) FROM kg_batch.progress p});
	++$looks;
	push @wrong, $differ if $differ;
	push @percents, $percent;
	return $state eq 'done';
}, 120), 'all is read');
is("@wrong", '', "at each of $looks looks it was what a plain count gives");
is("@percents", join(' ', sort { $a <=> $b } @percents), 'percent never went back');
is(scalar(grep { $_ == 100 } @percents), 1, '… and was 100 once it was done');
is($node->kg(q{SELECT chunks_done, conversations_done, percent FROM kg_batch.progress}), '300|300|100.0', 'all of it is counted');
is($node->kg('SELECT nodes, edges FROM kg_batch.summary'),
	$node->kg('SELECT (SELECT count(*) FROM kg_batch.node) + (SELECT count(*) FROM kg_batch.node_redirect), (SELECT count(*) FROM kg_batch.edge)'), '… and so is what came of it');
ok($node->wait_until(q{SELECT count(*) < 100 FROM kg_batch_internal.job_count_change}), 'what was noted is folded');

# ---- what persons do ----

sub after
{
	my ($what, $do) = @_;
	$node->kg("BEGIN; $do; ROLLBACK");
	$node->counts_are_right("$what, and rolled back");
	$node->kg($do);
	return $node->counts_are_right($what);
}
my $numbers = q{SELECT chunks, chunks_done, conversations, conversations_done FROM kg_batch.progress WHERE job = '%s'};
my $key = $node->kg('SELECT min(key) FROM kg_batch_internal.conversation');
after('forgotten', "SELECT kg_batch.forget('$key')");
is($node->kg(sprintf $numbers, 'read'), '299|299|299|299', '… is not there');
after('handed in for a job that rests', q{SELECT kg_batch.create_job('resting', '{"paused": true}');
	SELECT count(kg_batch.enqueue(jsonb_build_array(jsonb_build_object('speaker', 'Zoe', 'content', 'I saw whale ' || n || ' off Bergen.')), key => 'w' || n, final => true, job => 'resting')) FROM generate_series(1, 30) n});
is($node->kg(sprintf $numbers, 'resting'), '0|0|30|0', '… waits');
after('cancelled', q{SELECT kg_batch.cancel('resting')});
after('taken up again', q{SELECT kg_batch.retry('resting')});
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress WHERE job = 'resting'}), '… to its end');
is($node->kg(sprintf $numbers, 'resting'), '30|30|30|30', '… and is counted as done');
after('an edit', q{SELECT kg_batch.enqueue('[{"id": "1", "speaker": "Zoe", "content": "I saw a seal."}]'::jsonb, key => 'edited', final => true, job => 'resting')});
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress WHERE job = 'resting'}), '… is read');
after('edited', q{SELECT kg_batch.enqueue('[{"id": "1", "speaker": "Zoe", "content": "I saw a walrus."}]'::jsonb, key => 'edited', final => true, job => 'resting')});
ok($node->wait_until(q{SELECT state = 'done' FROM kg_batch.progress WHERE job = 'resting'}), '… is read, too');
after('read again', q{SELECT kg_batch.reread('w3')});
ok($node->wait_until(q{SELECT bool_and(state = 'done') FROM kg_batch.progress}), '… to its end');
$node->counts_are_right('… which is counted');
after('a graph is dropped', q{SELECT kg_batch.drop_graph('default')});
is($node->kg('SELECT (SELECT count(*) FROM kg_batch_internal.job_count) + (SELECT count(*) FROM kg_batch_internal.job_count_change)
	+ (SELECT count(*) FROM kg_batch_internal.job_made) + (SELECT count(*) FROM kg_batch_internal.conversation_count) + (SELECT count(*) FROM kg_batch_internal.conversation_change)'), 0, 'nothing is counted of what is gone');

$node->stop('fast');
done_testing();
