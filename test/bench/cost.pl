# Tokens and money of the LoCoMo dialogues by the stand-in's bill, read in several
# ways with the shipped prompts. The stand-in's rules answer the same words with the
# same things, however they are cut.
#
# The original way asks about 5 sentences at a time, directly: here with the prompt
# of the combined plan. As the origin does it there are three stages, and a question
# about metadata and one about merging for each node. The stages are measured; the
# questions for each node are computed from them: the prompt's text once a node, and
# what the stage's questions hold besides, divided among the nodes.
use strict;
use warnings;

use Bench::Dialogues;
use Bench::Sandbox;

my %ways = (
	original => { use_batch_api => 'false', real_time_chunk_size => 5, extraction => '"combined"' },
	stages => { use_batch_api => 'false', real_time_chunk_size => 5, extraction => '"staged"' },
	direct => { use_batch_api => 'false', real_time_chunk_size => 20, extraction => '"combined"' },
	'staged batch' => { use_batch_api => 'true', batch_min_requests => 1, extraction => '"staged"' },
	'combined batch' => { use_batch_api => 'true', batch_min_requests => 1, extraction => '"combined"' });

sub bill_of
{
	my ($server, $way) = @_;
	(my $graph = $way) =~ s/ /_/g;
	$server->sim('POST', '/_sim/reset');
	Bench::Dialogues::read_all($server, $graph, '{' . join(', ', map { "\"$_\": $ways{$way}{$_}" } sort keys %{ $ways{$way} }) . '}');
	return $server->stats;
}

# What a token costs, of the model that all is asked of, and a prompt's beginning that is cached.
sub prices
{
	my ($server) = @_;
	my %price;
	@price{qw(input cached output)} = @{ ($server->sql(q{SELECT input, cached_input, output FROM kg_batch_internal.model_price
		WHERE model_prefix = 'gpt-6-luna' AND tier_above = 0 ORDER BY valid_from DESC LIMIT 1}))[0] };
	return %price;
}

sub question_a_node
{
	my ($server, $stage, $bill, $nodes, $items) = @_;
	my %price = prices($server);
	my $prompt = $server->value("SELECT ceil(length(text) / 4.0) FROM kg_batch_internal.prompt WHERE stage = '$stage' AND shipped ORDER BY version DESC LIMIT 1");
	my $cached = $prompt < 1024 ? 0 : int($prompt / 128) * 128;
	# Two things that may be one need not have been among them.
	my $asked = $bill->{stages}{$stage} // ($stage eq 'kg_merge' ? return (0, 0, 0) : die "$stage was not asked\n");
	# What a question holds besides the prompt, and what is answered, of one item.
	my $besides = ($asked->{input_tokens} - $asked->{answers} * $prompt) / $items;
	my $out = $asked->{output_tokens} / $items;
	my $usd = ($cached * $price{cached} + ($prompt - $cached + $besides) * $price{input} + $out * $price{output}) / 1e6;
	return map { $_ * $nodes } $prompt + $besides, $out, $usd;
}

# Input, output, dollars.
sub of_the_origin
{
	my ($server, $bill) = @_;
	my ($nodes) = $server->value(q{SELECT count(*) FROM kg_batch_internal.node_mention m JOIN kg_batch.graph g USING (graph_id) WHERE g.name = 'stages'});
	my $pairs = $server->value(q{SELECT coalesce(sum(jsonb_array_length(a.body::jsonb -> 'decisions')), 0) FROM kg_batch_internal.answer a
		JOIN kg_batch_internal.request r USING (graph_id, request_id) JOIN kg_batch.graph g USING (graph_id)
		WHERE g.name = 'stages' AND r.stage = 'kg_merge' AND a.outcome = 'answered'});
	my @all = (0, 0, 0);
	for my $stage (qw(kg_parse kg_facts))
	{
		my $sum = $bill->{stages}{$stage};
		$all[$_] += ($sum->{input_tokens}, $sum->{output_tokens}, $sum->{usd})[$_] for 0 .. 2;
	}
	for my $question ([ 'kg_metadata', $nodes ], [ 'kg_merge', $pairs || 1 ])
	{
		my @more = question_a_node($server, $question->[0], $bill, $nodes, $question->[1]);
		$all[$_] += $more[$_] for 0 .. 2;
	}
	return @all;
}

sub measure_cost
{
	my ($option) = @_;
	my $server = Bench::Sandbox->new(built => $option->{built}, sim => '--mode rules --batch-turnaround-s 1',
		settings => { 'kg_batch.batch_linger' => '500ms', 'kg_batch.batch_poll_interval' => '200ms' });
	Bench::Dialogues::load($server, $option);
	# As the stand-in counts ASCII.
	my $conversation = $server->value('SELECT sum(ceil(length(content) / 4.0)) FROM said');
	my %bill = map { $_ => bill_of($server, $_) } qw(original stages direct), 'staged batch', 'combined batch';
	my %usd = map { $_ => $bill{$_}{all}{usd} } keys %bill;
	my ($origin_in, $origin_out, $origin_usd) = of_the_origin($server, $bill{stages});
	my $percent = sub { my ($figure, $usd, $of, @target) = @_; return { figure => $figure, values => [ 100 * $usd / $of ], digits => 1, @target ? (target => \@target) : () } };
	my $combined = $bill{'combined batch'}{all};
	my $per_token = sub { my ($figure, $tokens, @target) = @_; return { figure => "$figure per token of conversation", values => [ $tokens / $conversation ], digits => 1, @target ? (target => \@target) : () } };
	return [
		$percent->('combined batch, percent of the money of the original way', $usd{'combined batch'}, $usd{original}, 'at most', 25),
		$percent->('combined batch, percent of the origin with its questions a node', $usd{'combined batch'}, $origin_usd),
		$percent->('staged batch, percent of the original way', $usd{'staged batch'}, $usd{original}),
		$percent->('direct in chunks of 20, percent of the original way', $usd{direct}, $usd{original}),
		$per_token->('combined batch: tokens in', $combined->{input_tokens}, 'at most', 9),
		$per_token->('combined batch: tokens out', $combined->{output_tokens}, 'at most', 6),
		$per_token->('original way: tokens in', $bill{original}{all}{input_tokens}),
		$per_token->('original way: tokens out', $bill{original}{all}{output_tokens}),
		$per_token->('origin with its questions a node: tokens in', $origin_in),
		$per_token->('origin with its questions a node: tokens out', $origin_out),
		$per_token->('staged batch: tokens in', $bill{'staged batch'}{all}{input_tokens}),
		$per_token->('staged batch: tokens out', $bill{'staged batch'}{all}{output_tokens}),
		{ figure => 'combined batch: dollars', values => [ $usd{'combined batch'} ], digits => 4 } ];
}

{ needs => \&Bench::Dialogues::missing, measure => \&measure_cost, scale => {
	tiny => { dialogues => 1, sessions => 2 }, small => { dialogues => 1, sessions => 6 }, full => { dialogues => 5, sessions => 0 } } };
