# The life of a batch and its result files: checklist items 20 to 25 and 31.

use strict;
use warnings;
use JSON::PP ();
use StandIn;
use Test::More;

sub by_id { return map { $_->{custom_id} => $_ } @_ }
my $refused = sub { my ($sim, $id) = @_; return $sim->line($id, body => $sim->chat_body('x', temperature => 0)) };

subtest 'states follow the virtual clock, each time set once' => sub {
    my $sim = StandIn->new('--batch-turnaround-s', 1000);
    my $id = $sim->batch($sim->lines(map { "q$_" } 1 .. 10))->{id};
    my $at = sub { return $sim->get("/v1/batches/$id")->{json} };
    is $at->()->{status}, 'validating', 'at first';
    $sim->advance(500);
    my $batch = $sim->batch_until($id, sub { $_[0]{request_counts}{completed} == 5 });
    is $batch->{status}, 'in_progress', 'half way';
    is_deeply $batch->{request_counts}, { total => 10, completed => 5, failed => 0 }, 'half of the lines';
    cmp_ok abs($batch->{in_progress_at} - $batch->{created_at} - 100), '<=', 1, 'began after a tenth';
    ok !defined $batch->{output_file_id}, 'no file yet';
    $sim->advance(420);
    $batch = $sim->batch_until($id, 'finalizing');
    is $batch->{request_counts}{completed}, 10, 'all lines before it ends';
    $sim->advance(100);
    my $done = $sim->batch_until($id, 'completed');
    is $done->{$_}, $batch->{$_}, "$_ stays" for qw(created_at in_progress_at finalizing_at expires_at);
    my @times = map { $done->{$_} } qw(created_at in_progress_at finalizing_at completed_at);
    is_deeply [ sort { $a <=> $b } @times ], \@times, 'times rise';
    cmp_ok abs($done->{completed_at} - $done->{created_at} - 1000), '<=', 1, 'the turnaround';
};

subtest 'a result file exists where there is something in it' => sub {
    my $sim = StandIn->new('--batch-turnaround-s', 0);
    my $both = $sim->batch_until($sim->batch($sim->lines('a', 'b') . $refused->($sim, 'c'))->{id}, 'completed');
    is_deeply $both->{request_counts}, { total => 3, completed => 2, failed => 1 }, 'counts';
    my %good = by_id($sim->content_lines($both->{output_file_id}));
    my %bad = by_id($sim->content_lines($both->{error_file_id}));
    is_deeply [ sort keys %good ], [ 'a', 'b' ], 'answers';
    is_deeply [ keys %bad ], ['c'], 'errors';
    my $line = $good{a};
    like $line->{id}, qr/^batch_req_[0-9a-f]{32}$/, 'id of a line';
    is hex(substr $line->{id}, 10, 8), $both->{finalizing_at}, 'with its time';
    like $line->{response}{request_id}, qr/^[0-9a-f]{32}$/, 'request id';
    is $line->{response}{status_code}, 200, 'status';
    is $line->{error}, undef, 'no error';
    is $line->{response}{body}{choices}[0]{message}{content}, '{"word":""}', 'answer';
    is $bad{c}{error}, undef, 'an HTTP error stands in the response';
    is $bad{c}{response}{status_code}, 400, 'with its status';
    is $bad{c}{response}{body}{error}{param}, 'temperature', 'and body';
    my $all = $sim->batch_until($sim->batch($sim->lines('a'))->{id}, 'completed');
    ok defined $all->{output_file_id} && !defined $all->{error_file_id}, 'only answers';
    my $none = $sim->batch_until($sim->batch($refused->($sim, 'a'))->{id}, 'completed');
    ok !defined $none->{output_file_id} && defined $none->{error_file_id}, 'only errors, still completed';
    $sim->control('config', { empty_string_ids => JSON::PP::true });
    is $sim->get("/v1/batches/$none->{id}")->{json}{output_file_id}, '', 'empty ids when set so';
    my $file = $sim->get("/v1/files/$both->{output_file_id}")->{json};
    is $file->{purpose}, 'batch_output', 'purpose of a result file';
    is $file->{expires_at}, $file->{created_at} + 2592000, 'it lives 30 days';
};

subtest 'lines come in an order of their own, the same for the same seed' => sub {
    my $order = sub {
        my $sim = StandIn->new('--batch-turnaround-s', 0, '--seed', $_[0]);
        my $batch = $sim->batch_until($sim->batch($sim->lines(1 .. 50))->{id}, 'completed');
        return join ' ', map { $_->{custom_id} } $sim->content_lines($batch->{output_file_id});
    };
    my $one = $order->(1);
    isnt $one, join(' ', 1 .. 50), 'shuffled';
    is $order->(1), $one, 'the same seed';
    isnt $order->(2), $one, 'another seed';
};

subtest 'usage is the sum over the answers' => sub {
    my $sim = StandIn->new('--batch-turnaround-s', 0);
    my $long = 'a long beginning ' x 400;
    my $content = join '', map { $sim->line($_, body => $sim->chat_body("$long $_", reasoning_effort => 'low')) } 1 .. 5;
    my $batch = $sim->batch_until($sim->batch($content . $refused->($sim, 'bad'))->{id}, 'completed');
    my %sum = (input_tokens => 0, output_tokens => 0, total_tokens => 0, cached => 0, reasoning => 0);
    for my $line ($sim->content_lines($batch->{output_file_id})) {
        my $usage = $line->{response}{body}{usage};
        $sum{input_tokens} += $usage->{prompt_tokens};
        $sum{output_tokens} += $usage->{completion_tokens};
        $sum{total_tokens} += $usage->{total_tokens};
        $sum{cached} += $usage->{prompt_tokens_details}{cached_tokens};
        $sum{reasoning} += $usage->{completion_tokens_details}{reasoning_tokens};
    }
    is $batch->{usage}{$_}, $sum{$_}, $_ for qw(input_tokens output_tokens total_tokens);
    is $batch->{usage}{input_tokens_details}{cached_tokens}, $sum{cached}, 'cached';
    cmp_ok $sum{cached}, '>', 0, 'some were cached';
    is $batch->{usage}{output_tokens_details}{reasoning_tokens}, $sum{reasoning}, 'reasoning';
    $sim->control('config', { batch_usage => JSON::PP::false });
    ok !exists $sim->get("/v1/batches/$batch->{id}")->{json}{usage}, 'absent when set so';
};

subtest 'a batch can be cancelled until it has ended' => sub {
    my $sim = StandIn->new('--batch-turnaround-s', 1000);
    $sim->control('config', { cancel_s => 60 });
    my $cancel = sub { my ($id, %headers) = @_; return $sim->call('POST', "/v1/batches/$id/cancel", undef, %headers) };
    my $begun = sub {
        my ($seconds, $status) = @_;
        my $id = $sim->batch($sim->lines(1 .. 10))->{id};
        $sim->advance($seconds) if $seconds;
        is $sim->batch_until($id, $status)->{status}, $status, "$status";
        return $id;
    };
    for my $case ([ 0, 'validating', 0 ], [ 500, 'in_progress', 5 ], [ 950, 'finalizing', 10 ]) {
        my ($seconds, $status, $answered) = @$case;
        my $id = $begun->($seconds, $status);
        my $answer = $cancel->($id, 'content-type' => 'application/json');
        is $answer->{json}{status}, 'cancelling', 'cancelling';
        is $cancel->($id)->{status}, 200, 'cancelled twice is no error';
        is $sim->get("/v1/batches/$id")->{json}{status}, 'cancelling', 'takes its time';
        $sim->advance(61);
        my $batch = $sim->batch_until($id, 'cancelled');
        is $batch->{status}, 'cancelled', 'cancelled';
        cmp_ok $batch->{cancelled_at}, '>=', $batch->{cancelling_at}, 'times';
        is $batch->{request_counts}{completed}, $answered, "$answered lines were answered";
        my @lines = $batch->{output_file_id} ? $sim->content_lines($batch->{output_file_id}) : ();
        is scalar @lines, $answered, 'and can be read';
        my @errors = $batch->{error_file_id} ? $sim->content_lines($batch->{error_file_id}) : ();
        is scalar @errors, $status eq 'validating' ? 0 : 10 - $answered, 'the rest are errors';
        is $_->{error}{code}, 'batch_cancelled', 'code' for @errors[ 0 .. (@errors ? 0 : -1) ];
        is $cancel->($id)->{status}, 200, 'cancelling a cancelled one is no error';
    }
    $sim->control('config', { batch_turnaround_s => 0 });
    for my $case ([ 'completed', $sim->lines('a') ], [ 'failed', $sim->lines('a', 'a') ]) {
        my ($status, $content) = @$case;
        my $id = $sim->batch_until($sim->batch($content)->{id}, $status)->{id};
        my $answer = $cancel->($id);
        is $answer->{status}, 409, "$status stays";
        is $answer->{json}{error}{message}, "Cannot cancel a batch with status '$status'.", 'message';
    }
};

subtest 'after a day a batch expires with what it has' => sub {
    my $sim = StandIn->new('--batch-turnaround-s', 4 * 86400);
    my $id = $sim->batch($sim->lines(1 .. 40))->{id};
    $sim->advance(86401);
    my $batch = $sim->batch_until($id, 'expired');
    is $batch->{status}, 'expired', 'expired';
    is $batch->{expired_at}, $batch->{expires_at}, 'when it should';
    my @good = $sim->content_lines($batch->{output_file_id});
    my @late = $sim->content_lines($batch->{error_file_id});
    cmp_ok scalar @good, '>', 0, 'some answers';
    is @good + @late, 40, 'every line is in one of the files';
    is_deeply $batch->{request_counts}, { total => 40, completed => scalar @good, failed => 0 }, 'counts do not add up';
    is $late[0]{response}, undef, 'no response';
    is $late[0]{error}{code}, 'batch_expired', 'code';
    is $sim->call('POST', "/v1/batches/$id/cancel")->{status}, 409, 'cannot be cancelled';
};

subtest 'deleting the input does not stop a batch' => sub {
    my $sim = StandIn->new('--batch-turnaround-s', 100);
    my $batch = $sim->batch($sim->lines(1 .. 3));
    $sim->call('DELETE', "/v1/files/$batch->{input_file_id}");
    $sim->advance(101);
    is $sim->batch_until($batch->{id}, 'completed')->{request_counts}{completed}, 3, 'completed';
};

subtest 'a restart loses nothing and answers nothing twice' => sub {
    for my $signal ('TERM', 'KILL') {
        my $sim = StandIn->new('--batch-turnaround-s', 1000);
        my $running = $sim->batch($sim->lines(map { "q$_" } 1 .. 200))->{id};
        my $waiting = $sim->batch($sim->lines('w'))->{id};
        my $kept = $sim->upload($sim->lines('kept'))->{json}{id};
        $sim->chat('before');
        $sim->advance(300);
        $sim->batch_until($running, sub { $_[0]{request_counts}{completed} > 20 });
        $sim->stop($signal);
        $sim->start;
        is $sim->content($kept), $sim->lines('kept'), "$signal: files are there";
        my $batch = $sim->get("/v1/batches/$running")->{json};
        is $batch->{status}, 'in_progress', 'the batch goes on';
        cmp_ok $batch->{request_counts}{completed}, '>', 20, 'where it was';
        $sim->advance(800);
        $batch = $sim->batch_until($running, 'completed');
        is $batch->{status}, 'completed', 'to its end';
        my %lines = by_id(my @lines = $sim->content_lines($batch->{output_file_id}));
        is scalar @lines, 200, 'every line';
        is scalar keys %lines, 200, 'once';
        is $sim->batch_until($waiting, 'completed')->{status}, 'completed', 'and the other one';
        my $stats = $sim->control('stats');
        is $stats->{batch}{answers}, 201, 'the bill has each answer once';
        is $stats->{direct}{answers}, 1, 'and the direct one of before';
        is $stats->{repeated_answers}, 0, 'none twice';
    }
};

subtest 'fifty thousand lines are answered while others are served' => sub {
    my $sim = StandIn->new('--batch-turnaround-s', 0);
    my $body = $sim->{json}->encode({ model => 'gpt-6-luna', messages => [ { role => 'user', content => 'x' } ] });
    my $content = join '', map { qq({"custom_id":"$_","method":"POST","url":"/v1/chat/completions","body":$body}\n) } 1 .. 50000;
    my $id = $sim->batch($content)->{id};
    my $slowest = 0;
    my $batch = $sim->batch_until($id, sub {
        my $began = Time::HiRes::time();
        $sim->get('/v1/models/gpt-6-luna');
        my $took = Time::HiRes::time() - $began;
        $slowest = $took if $took > $slowest;
        return $_[0]{status} eq 'completed';
    });
    is $batch->{request_counts}{completed}, 50000, 'all';
    cmp_ok $slowest, '<', 1, 'nobody waited a second';
    my $lines = () = $sim->content($batch->{output_file_id}) =~ /\n/g;
    is $lines, 50000, 'every line is there';
};

1;
