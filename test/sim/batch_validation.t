# What fails a batch before anything of it is asked: checklist items 16 to 19.

use strict;
use warnings;
use JSON::PP ();
use StandIn;
use Test::More;

my $sim = StandIn->new('--batch-turnaround-s', '0');

# The entries of `errors` of a batch that has failed as it should.
sub failed_with {
    my ($batch, $name) = @_;
    $batch = $sim->batch_until($batch->{id}, 'failed');
    is $batch->{status}, 'failed', $name;
    is_deeply $batch->{request_counts}, { total => 0, completed => 0, failed => 0 }, 'counts stay zero';
    ok !defined $batch->{output_file_id} && !defined $batch->{error_file_id}, 'no files';
    ok defined $batch->{failed_at} && !defined $batch->{in_progress_at}, 'nothing ran';
    is $batch->{errors}{object}, 'list', 'a list';
    return @{ $batch->{errors}{data} };
}

sub one_error {
    my ($batch, $name, $code, $param, $line) = @_;
    my @errors = failed_with($batch, $name);
    is scalar @errors, 1, 'one error';
    is $errors[0]{code}, $code, 'code';
    is $errors[0]{param}, $param, 'param';
    is $errors[0]{line}, $line, 'line';
    return $errors[0];
}

my $chat = sub { my %more = @_; my $body = $sim->chat_body('x', %more); delete $body->{$_} for grep { !defined $body->{$_} } keys %$body; return $body };
my $good = $sim->line('good');

subtest 'a file that cannot be used fails the batch later, not the request' => sub {
    my %create = (endpoint => '/v1/chat/completions', completion_window => '24h');
    my $answer = $sim->post('/v1/batches', { %create, input_file_id => 'file-none' });
    is $answer->{status}, 200, 'taken';
    is $answer->{json}{errors}, undef, 'nothing said yet';
    my $error = one_error($answer->{json}, 'unknown file', 'invalid_request', 'file_id', undef);
    like $error->{message}, qr/^Cannot find file file-none, or organization \S+ does not have access to it\.$/, 'message';
    my $other = $sim->upload('x', purpose => 'user_data', filename => 'x.jsonl')->{json}{id};
    one_error($sim->post('/v1/batches', { %create, input_file_id => $other })->{json}, 'another purpose', 'invalid_request', 'file_id', undef);
};

subtest 'each fault of a line has its code, parameter and line' => sub {
    my @cases = (
        [ 'not JSON', "{\"a\":\n", 'invalid_json_line', undef ],
        [ 'a blank line', "\n", 'invalid_json_line', undef ],
        [ 'no custom_id', $sim->line('x', custom_id => undef), 'missing_required_parameter', 'custom_id' ],
        [ 'no method', $sim->line('x', method => undef), 'missing_required_parameter', 'method' ],
        [ 'no url', $sim->line('x', url => undef), 'missing_required_parameter', 'url' ],
        [ 'no body', qq({"custom_id":"x","method":"POST","url":"/v1/chat/completions"}\n), 'missing_required_parameter', 'body' ],
        [ 'no messages', $sim->line('x', body => $chat->(messages => undef)), 'missing_required_parameter', 'body.messages' ],
        [ 'no model', $sim->line('x', body => $chat->(model => undef)), 'missing_required_parameter', 'body.model' ],
        [ 'another url', $sim->line('x', url => '/v1/embeddings'), 'invalid_url', 'url' ],
        [ 'streaming', $sim->line('x', body => $chat->(stream => JSON::PP::true)), 'streaming_unsupported', 'body.stream' ],
        [ 'unknown model', $sim->line('x', body => $chat->(model => 'gpt-99')), 'model_not_found', 'body.model' ],
        [ 'another model', $sim->line('x', body => $chat->(model => 'gpt-5.5')), 'mismatched_model', 'body.model' ],
        [ 'the same custom_id', $sim->line('good'), 'duplicate_custom_id', 'custom_id' ],
    );
    for my $case (@cases) {
        my ($name, $line, $code, $param) = @$case;
        one_error($sim->batch($good . $line . $sim->line('after')), $name, $code, $param, 2);
    }
    is one_error($sim->batch($good . "{\n"), 'words', 'invalid_json_line', undef, 2)->{message}, 'This line is not parseable as valid JSON.', 'message';
};

subtest 'all bad lines are reported together' => sub {
    my @errors = failed_with($sim->batch($good . "{\n" . $sim->line('x', url => '/v1/x') . $sim->line('b')
        . $sim->line('y', custom_id => undef) . $good), 'four of six');
    is_deeply [ map { "$_->{line} $_->{code}" } @errors ],
        [ '2 invalid_json_line', '3 invalid_url', '5 missing_required_parameter', '6 duplicate_custom_id' ], 'each with its line';
    is $sim->control('stats')->{batch}{answers}, 0, 'and nothing was paid';
};

subtest 'a file with too much or nothing in it fails as a whole' => sub {
    my $other = $sim;
    $other->control('config', { max_batch_requests => 3, check_uploads => JSON::PP::false });
    one_error($other->batch($other->lines('a' .. 'd')), 'four of three', 'too_many_tasks', undef, undef);
    one_error($other->batch(''), 'nothing', 'empty_file', undef, undef);
    is $other->batch_until($other->batch($other->lines('a' .. 'c'))->{id}, 'completed')->{status}, 'completed', 'three are taken';
};

subtest 'enqueued tokens of a model are limited until batches end' => sub {
    my $limited = StandIn->new('--enqueued-tokens', 'gpt-6-luna=2000', '--batch-turnaround-s', 1000);
    my $content = join '', map { $limited->line("x$_", body => $limited->chat_body("$_" . ' word' x 400)) } 1 .. 2;
    my $first = $limited->batch($content);
    $limited->advance(150);
    is $limited->batch_until($first->{id}, 'in_progress')->{status}, 'in_progress', 'the first runs';
    my $second = $limited->batch($content)->{id};
    my $third = $limited->batch($limited->line('other', body => $limited->chat_body('word ' x 900, model => 'gpt-5.5')))->{id};
    $limited->advance(150);
    my $failed = $limited->batch_until($second, 'failed');
    is $failed->{errors}{data}[0]{code}, 'token_limit_exceeded', 'the second does not fit';
    is $failed->{errors}{data}[0]{message}, 'Enqueued token limit reached for gpt-6-luna in organization org-stand-in. '
        . 'Limit: 2,000 enqueued tokens. Please try again once some in_progress batches have been completed.', 'message';
    is $limited->batch_until($third, 'in_progress')->{status}, 'in_progress', 'another model has its own';
    $limited->advance(800);
    is $limited->batch_until($first->{id}, 'completed')->{status}, 'completed', 'the first ends';
    my $again = $limited->batch($content)->{id};
    $limited->advance(150);
    is $limited->batch_until($again, 'in_progress')->{status}, 'in_progress', 'then there is room';
};

1;
