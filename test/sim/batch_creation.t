# What creating, listing and cancelling a batch takes and refuses: checklist
# items 14, 15, 24, 26 to 28 and 30.

use strict;
use warnings;
use JSON::PP ();
use StandIn;
use Test::More;

my $sim = StandIn->new;
my $file_id = $sim->upload($sim->lines('a'))->{json}{id};
my %good = (input_file_id => $file_id, endpoint => '/v1/chat/completions', completion_window => '24h');

subtest 'a new batch is validating and knows nothing yet' => sub {
    my $answer = $sim->post('/v1/batches', { %good, metadata => { job => '1' } });
    is $answer->{status}, 200, 'taken';
    my $batch = $answer->{json};
    like $batch->{id}, qr/^batch_[0-9a-f]{32}$/, 'id';
    is hex(substr $batch->{id}, 6, 8), $batch->{created_at}, 'with its time';
    is $batch->{status}, 'validating', 'status';
    is_deeply $batch->{request_counts}, { total => 0, completed => 0, failed => 0 }, 'counts';
    is_deeply $batch->{metadata}, { job => '1' }, 'metadata comes back';
    is $batch->{expires_at}, $batch->{created_at} + 86400, 'expires in a day';
    for my $key (qw(errors output_file_id error_file_id in_progress_at finalizing_at completed_at failed_at expired_at
        cancelling_at cancelled_at)) {
        ok exists $batch->{$key} && !defined $batch->{$key}, "$key is null";
    }
};

subtest 'what is wrong with the request is said at once' => sub {
    my $long = 'k' x 65;
    my @cases = (
        [ 'no file', { input_file_id => undef }, 'input_file_id', 'missing_required_parameter' ],
        [ 'a file that is no string', { input_file_id => 7 }, 'input_file_id', 'invalid_type' ],
        [ 'unknown endpoint', { endpoint => '/v1/other' }, 'endpoint', 'invalid_value' ],
        [ 'another window', { completion_window => '1h' }, 'completion_window', 'invalid_value' ],
        [ 'too much metadata', { metadata => { map { $_ => 'x' } 1 .. 17 } }, 'metadata', 'object_above_max_properties' ],
        [ 'a long key', { metadata => { $long => 'x' } }, 'metadata', 'property_name_above_max_length' ],
        [ 'a long value', { metadata => { k => 'x' x 513 } }, 'metadata.k', 'string_above_max_length' ],
        [ 'an array as value', { metadata => { tags => [] } }, 'metadata.tags', 'invalid_type' ],
        [ 'a short life', { output_expires_after => { anchor => 'created_at', seconds => 10 } }, 'output_expires_after.seconds', 'invalid_value' ],
    );
    for my $case (@cases) {
        my ($name, $change, $param, $code) = @$case;
        my $answer = $sim->post('/v1/batches', { %good, %$change });
        is $answer->{status}, 400, $name;
        is $answer->{json}{error}{param}, $param, 'param';
        is $answer->{json}{error}{code}, $code, 'code';
    }
    my $message = $sim->post('/v1/batches', { %good, metadata => { tags => [] } })->{json}{error}{message};
    is $message, q{Invalid type for 'metadata.tags': expected a string, but got an array instead.}, 'the words of the service';
    like $sim->post('/v1/batches', { %good, endpoint => '/v1/other' })->{json}{error}{message}, qr/Supported values are/, 'names what would be right';
    is $sim->post('/v1/batches', '{')->{status}, 400, 'not JSON';
};

subtest 'two requests make two batches, unless keys are honoured' => sub {
    my @ids = map { $sim->post('/v1/batches', \%good, 'idempotency-key' => 'k')->{json}{id} } 1, 2;
    isnt $ids[0], $ids[1], 'two';
    $sim->control('config', { idempotency => JSON::PP::true });
    @ids = map { $sim->post('/v1/batches', \%good, 'idempotency-key' => 'k')->{json}{id} } 1, 2;
    is $ids[0], $ids[1], 'one, when set so';
};

subtest 'a list is newest first and paged by the last id' => sub {
    my $other = StandIn->new;
    is_deeply $other->get('/v1/batches')->{json}{data}, [], 'empty';
    my $file = $other->upload($other->lines('a'))->{json}{id};
    my @ids = reverse map { $other->post('/v1/batches', { %good, input_file_id => $file })->{json}{id} } 1 .. 25;
    my $page = $other->get('/v1/batches')->{json};
    is_deeply [ map { $_->{id} } @{ $page->{data} } ], [ @ids[ 0 .. 19 ] ], 'twenty by default';
    ok $page->{has_more}, 'more to come';
    $page = $other->get("/v1/batches?limit=100&after=$page->{last_id}")->{json};
    is_deeply [ map { $_->{id} } @{ $page->{data} } ], [ @ids[ 20 .. 24 ] ], 'the rest';
    ok !$page->{has_more}, 'no more';
    is $other->get("/v1/batches?limit=$_")->{status}, 400, "limit $_" for 0, 101;
    is $other->get('/v1/batches?after=batch_none')->{status}, 400, 'after an unknown id';
};

subtest 'an unknown batch is 404' => sub {
    for my $answer ($sim->get('/v1/batches/batch_none'), $sim->post('/v1/batches/batch_none/cancel', '')) {
        is $answer->{status}, 404, 'status';
        is $answer->{json}{error}{message}, q{No batch found with id 'batch_none'.}, 'message';
    }
};

subtest 'only so many batches an hour' => sub {
    my $other = StandIn->new;
    $other->control('config', { batch_creations_per_hour => 2 });
    my $file = $other->upload($other->lines('a'))->{json}{id};
    my $create = sub { return $other->post('/v1/batches', { %good, input_file_id => $file }) };
    is $create->()->{status}, 200, 'first';
    is $create->()->{status}, 200, 'second';
    is $create->()->{status}, 429, 'third';
    is $create->()->{json}{error}{code}, 'rate_limit_exceeded', 'code';
    $other->advance(3601);
    is $create->()->{status}, 200, 'an hour later';
};

1;
