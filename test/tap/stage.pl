# A stage is one file in src/stages and one in src/schema, and no worker knows its
# name: what CONTRIBUTING says is done here in a copy of the source tree. One file
# compiles, and the new question is asked after the one that was there.

use strict;
use warnings;

use File::Path qw(make_path);
use KgBatch::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($objects) = grep { -e "$_/workers/pipeline.o" } 'build/test/build/extension', 'build/extension';
plan skip_all => 'nothing was built here whose objects could be used again' unless $objects;
plan skip_all => 'no compiler' unless grep { -x "$_/g++" } split /:/, $ENV{PATH};
# Not the one of the private installation, which is without headers.
my ($pg_config) = grep { -x $_ && -d `$_ --includedir-server` =~ s/\n//r } map { "$_/pg_config" } split /:/, $ENV{PATH};
plan skip_all => 'no server headers' unless $pg_config;
my ($ccache) = grep { -x $_ } map { "$_/ccache" } split /:/, $ENV{PATH};

# ---- the copy, and the two files ----

my $copy = PostgreSQL::Test::Utils::tempdir('stage');
make_path("$copy/build", "$copy/tools");
for my $part ([ 'src', $copy ], [ 'Makefile', $copy ], [ 'kg_batch.control', $copy ], [ 'tools/sandbox', "$copy/tools" ], [ $objects, "$copy/build" ])
{
	system('cp', '-rpL', @$part) == 0 or BAIL_OUT("could not copy $part->[0]");
}
my @make = ('make', '-C', $copy, "PG_CONFIG=$pg_config", $ccache ? "CXX=$ccache g++" : 'CXX=g++');

sub would_compile
{
	my ($out) = run_command([ @make, '-n' ]);
	return map { m{ -c -o build/extension/(\S+)\.o } ? $1 : () } split /\n/, $out;
}

my %stale = map { $_ => 1 } would_compile();

append_to_file("$copy/src/stages/kg_probe.cpp", <<'END');
// kg_probe: asks whether anything was said, and makes nothing of the answer.

#include "stages/answer_schema.h"
#include "stages/question_document.h"
#include "stages/stage.h"

namespace kg_batch::stages {
namespace {

class KgProbe final : public Stage {
 public:
  std::string_view name() const override { return "kg_probe"; }

  const Json& schema() const override {
    static const Json schema = object_schema({{{"said", {{"type", "boolean"}}}}});
    return schema;
  }

  int max_output_tokens() const override { return 100; }

  Json question(const Question& question, const graph::Reading&) const override {
    return conversation_question("probe", question);
  }

  std::optional<BadAnswer> read(std::string_view answer, const Question&, graph::Reading&) const override {
    const Json json = Json::parse(answer, nullptr, false);
    if (!json.is_object() || !json.contains("said")) return BadAnswer{"against the schema: no said"};
    return std::nullopt;
  }
};

const KgProbe kg_probe;
const Registered registered(kg_probe);

}  // namespace
}  // namespace kg_batch::stages
END
append_to_file("$copy/src/schema/69_probe.sql", <<'END');
INSERT INTO kg_batch_internal.prompt (prompt_id, stage, version, plan, step, text, shipped)
VALUES (9999, 'kg_probe', 1, 'combined', 2, 'Was anything said in this conversation?', true);
END

is_deeply([ grep { !$stale{$_} } would_compile() ], ['stages/kg_probe'], 'a new stage compiles one file');
my ($out, $err) = run_command([ @make, '-s', '-j2' ]);
ok(-e "$copy/build/extension/stages/kg_probe.o" && -e "$copy/kg_batch.so", 'it builds') or diag($out, $err);
my $bin;
{
	local $ENV{PG_CONFIG} = $pg_config;
	($bin, $err) = run_command([ "$copy/tools/sandbox", 'install', "$copy/installation", '--built', $copy ]);
}
ok(-x "$bin/postgres", 'and is installed apart') or BAIL_OUT($err);

# ---- it is asked ----

$ENV{PATH} = "$bin:$ENV{PATH}";
my $node = KgBatch::Cluster->with_stand_in('stage', settings => { 'kg_batch.use_batch_api' => 'off' });
$node->enqueue_many('cat', 1);
ok($node->wait_until(q{SELECT state = 'done' AND conversations_done = 1 FROM kg_batch.progress}), 'a conversation is done');
is($node->kg(q{SELECT string_agg(stage || ' ' || state, ', ' ORDER BY sent_at) FROM kg_batch_internal.request}),
	'kg_extract answered, kg_probe answered', 'the ledger has its question after that of kg_extract');
is($node->kg('SELECT state, step, cardinality(answered_requests) FROM kg_batch_internal.chunk'), 'done|2|1',
	'the chunk is done at its step, with the answer of the step before');
is(join(', ', map { $_->{stage} } $node->sim->chats), 'kg_extract, kg_probe', 'the stand-in was asked both, in this order');
cmp_ok($node->kg('SELECT count(*) FROM kg_batch_internal.node'), '>', 0, 'and the graph is what kg_extract read');

$node->stop('fast');
done_testing();
