# doc/how-to/moving-to-it.md, from its first statement to its last: each works, and
# prints what the page says that it prints.

use strict;
use warnings;

use FindBin;
use KgBatch::Cluster;
use KgBatch::Guide;
use Test::More;

chdir "$FindBin::RealBin/../.." or die "could not go to the source tree: $!";
my $node = KgBatch::Cluster->with_stand_in('moving', sim => [ '--batch-turnaround-s', 1 ],
	settings => { fsync => 'off', 'kg_batch.batch_poll_interval' => '200ms', 'kg_batch.batch_linger' => '500ms' });

cmp_ok(KgBatch::Guide::follow($node, 'doc/how-to/moving-to-it.md'), '>=', 13, 'the page was followed');

# What the page promises beside what it shows.
my $stats = $node->sim->stats->{all};
cmp_ok(abs($node->kg('SELECT sum(cost) FROM kg_batch_internal.usage') - $stats->{usd}), '<', 1e-9, 'the bill is what the ledger of all four phases says');
is($node->kg(q{SELECT sum(requests) FROM kg_batch.cost WHERE stage = 'kg_extract'}), 40, 'whatever the share, no conversation of the graph was asked about twice');

$node->stop('fast');
done_testing();
