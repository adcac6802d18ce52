# Benchmarks run, at their smallest, and give their figures: one that nobody has run
# for a while would not when it is wanted. What they measure says nothing here.
#
# Some, which between them use all that benchmarks share, run each time; all of them,
# which is some minutes, with KG_BATCH_BENCHMARKS=all. They set up servers of their own
# out of the build that tests use.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

my $built = 'build/test';
# Not the installation that tests share, which has the extension already.
local $ENV{PATH} = join ':', grep { !m{/postgresql/} || m{^/usr} } split /:/, $ENV{PATH};
my @there = sort map { m{([^/]+)\.pl$} ? $1 : () } glob 'test/bench/*.pl';
my $usage;
IPC::Run::run([ $^X, 'test/bench/run', 'none called this' ], '2>', \$usage);
is(join(' ', sort split ' ', $usage =~ /there are (.*)/ ? $1 : ''), "@there", 'test/bench/run knows all that there are');
my @names = ($ENV{KG_BATCH_BENCHMARKS} // '') eq 'all' ? @there : qw(results enqueue ingest);
for my $name (@there)
{
	my ($stdout, $stderr);
	ok(IPC::Run::run([ $^X, '-Itest/bench', '-wc', "test/bench/$name.pl" ], '>', \$stdout, '2>', \$stderr), "$name is one that can be run") or diag($stderr);
}

my ($stdout, $stderr);
my $ended_well = IPC::Run::run([ $^X, 'test/bench/run', '--scale', 'tiny', '--built', $built, @names ], '>', \$stdout, '2>', \$stderr);
ok($ended_well, 'all of them run') or diag($stdout, $stderr);
for my $name (@names)
{
	my @rows = $stdout =~ /^\| `$name` \| (.*)$/mg;
	ok(@rows > 0 || $stdout =~ /^$name is left out: the LoCoMo dialogues are not there/m, "$name gives its figures, or says what it has not")
	  or diag($stdout);
	is(scalar(grep { !/^[^|]+ \| -?[0-9.]+ \| / } @rows), 0, "$name: each with a number");
}

# A size of one's own, and none that is not there.
ok(IPC::Run::run([ $^X, 'test/bench/run', '--scale', 'tiny', '--set', 'messages=100', '--built', $built, 'enqueue' ], '>', \$stdout, '2>', \$stderr), 'a benchmark runs at another size')
  or diag($stdout, $stderr);
like($stdout, qr/\| messages 100 \|/, '... and says so');
ok(!IPC::Run::run([ $^X, 'test/bench/run', '--scale', 'tiny', '--set', 'chickens=100', '--built', $built, 'enqueue' ], '>', \$stdout, '2>', \$stderr), 'a size that it does not have is refused');
like($stderr, qr/^enqueue has no size "chickens" that can be set$/m, '... by name');

done_testing();
