# Each benchmark runs, at its smallest, and gives its figures: one that nobody has run
# for a while would not when it is wanted. What it measures says nothing here.
#
# They set up servers of their own out of the build that tests use.

use strict;
use warnings;

use KgBatch::StandIn;
use PostgreSQL::Test::Utils;
use Test::More;

my $built = 'build/test';
plan skip_all => "the tests' build is not in $built" unless -e "$built/kg_batch.so";
plan skip_all => 'the stand-in server is not built' unless KgBatch::StandIn::program();

# Not the installation that tests share, which has the extension already.
local $ENV{PATH} = join ':', grep { !m{/postgresql/} || m{^/usr} } split /:/, $ENV{PATH};
my @names = sort map { m{([^/]+)\.pl$} ? $1 : () } glob 'test/bench/*.pl';
my ($stdout, $stderr);
my $ended_well = IPC::Run::run([ $^X, 'test/bench/run', '--scale', 'tiny', '--built', $built ], '>', \$stdout, '2>', \$stderr);
ok($ended_well, 'all of them run') or diag($stdout, $stderr);
cmp_ok(scalar @names, '>=', 13, 'there are as many as there were');
for my $name (@names)
{
	my @rows = $stdout =~ /^\| `$name` \| (.*)$/mg;
	ok(@rows > 0 || $stdout =~ /^$name is left out: the LoCoMo dialogues are not there/m, "$name gives its figures, or says what it has not")
	  or diag($stdout);
	is(scalar(grep { !/^[^|]+ \| -?[0-9.]+ \| / } @rows), 0, "$name: each with a number");
}

done_testing();
