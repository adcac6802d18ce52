# Faults to order: each does what its name says, as often and as reproducibly as
# the rule says.

use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use StandIn;
use Test::More;
use Time::HiRes ();

my $sim = StandIn->new('--batch-turnaround-s', 0);
my $true = JSON::PP::true;

sub faulty {
    my @rules = @_;
    $sim->call('DELETE', '/_sim/faults');
    $sim->control('faults', \@rules);
    return;
}
sub message { return $_[0]{json}{choices}[0]{message} }

subtest 'errors of the service can be made to come' => sub {
    my @cases = (
        [ { fault => 'rate_limited', retry_after => 2, retry_after_ms => 1500 }, 429, 'rate_limit_exceeded' ],
        [ { fault => 'insufficient_quota' }, 429, 'insufficient_quota' ],
        [ { fault => 'internal_error' }, 500, undef ],
        [ { fault => 'unavailable' }, 503, undef ],
        [ { fault => 'unauthorized' }, 401, 'invalid_api_key' ],
        [ { fault => 'forbidden' }, 403, undef ],
        [ { fault => 'not_found' }, 404, undef ],
        [ { fault => 'status', status => 520, code => 'odd', headers => { 'x-should-retry' => 'false' } }, 520, 'odd' ],
    );
    for my $case (@cases) {
        my ($rule, $status, $code) = @$case;
        faulty({ %$rule, count => 1 });
        my $answer = $sim->chat('x');
        is $answer->{status}, $status, $rule->{fault};
        is $answer->{json}{error}{code}, $code, 'code';
        is $answer->{headers}{'retry-after'}, $rule->{retry_after}, 'retry-after';
        is $answer->{headers}{'retry-after-ms'}, $rule->{retry_after_ms}, 'retry-after-ms';
        is $answer->{headers}{'x-should-retry'}, $rule->{headers}{'x-should-retry'}, 'other headers';
        is $sim->chat('x')->{status}, 200, 'once';
    }
    faulty({ fault => 'bad_gateway', path => '^/v1/batches', method => 'GET' });
    like $sim->get('/v1/batches')->{content}, qr/^<html>/, 'a page instead of JSON';
    is $sim->get('/v1/batches')->{status}, 502, 'with its status';
    is $sim->chat('x')->{status}, 200, 'another path is as ever';
};

subtest 'a connection can break before the answer, with or without the work done' => sub {
    my $file = $sim->upload($sim->lines('a'))->{json}{id};
    my $create = sub { return $sim->post('/v1/batches', { input_file_id => $file, endpoint => '/v1/chat/completions', completion_window => '24h' }) };
    my $batches = sub { return scalar @{ $sim->get('/v1/batches?limit=100')->{json}{data} } };
    for my $fault ('drop_after_read', 'reset_before_response', 'hang') {
        for my $accepted (0, 1) {
            faulty({ fault => $fault, path => '^/v1/batches$', method => 'POST', count => 1, $accepted ? (accepted => $true) : () });
            my $before = $batches->();
            local $sim->{http} = HTTP::Tiny->new(timeout => 1);
            is $create->()->{status}, 599, "$fault" . ($accepted ? ', accepted' : '');
            is $batches->() - $before, $accepted, $accepted ? 'done nevertheless' : 'not done';
        }
    }
    faulty({ fault => 'accepted_but_500', path => '^/v1/batches$', method => 'POST', count => 1 });
    my $before = $batches->();
    is $create->()->{status}, 500, 'accepted, but 500';
    is $batches->() - $before, 1, 'done nevertheless';
    my ($entry) = grep { ($_->{fault} // '') eq 'accepted_but_500' } @{ $sim->control('journal?path=batches$')->{entries} };
    is $entry->{status}, 500, 'the journal knows';
    ok $entry->{batch_id}, 'which batch it was';
};

subtest 'an upload can be taken and its answer lost' => sub {
    my $files = sub { return scalar @{ $sim->get('/v1/files?purpose=batch&limit=10000')->{json}{data} } };
    for my $fault ('drop_after_read', 'reset_before_response', 'hang', 'accepted_but_500') {
        for my $accepted ($fault eq 'accepted_but_500' ? 1 : (0, 1)) {
            faulty({ fault => $fault, path => '^/v1/files$', method => 'POST', count => 1, $accepted ? (accepted => $true) : () });
            my $before = $files->();
            local $sim->{http} = HTTP::Tiny->new(timeout => 1);
            is $sim->upload($sim->lines('a'))->{status}, $fault eq 'accepted_but_500' ? 500 : 599, "$fault" . ($accepted ? ', accepted' : '');
            is $files->() - $before, $accepted, $accepted ? 'it is there' : 'it is not there';
        }
    }
    my ($file) = @{ $sim->get('/v1/files?purpose=batch&limit=1')->{json}{data} };
    is length($sim->get("/v1/files/$file->{id}/content")->{content}), $file->{bytes}, 'whole';
    is $sim->upload($sim->lines('a'))->{status}, 200, 'once';
};

subtest 'an answer can break in its middle' => sub {
    for my $fault ('reset_in_body', 'cut_body') {
        faulty({ fault => $fault, count => 1 });
        is $sim->chat('x')->{status}, 599, $fault;
        is $sim->chat('x')->{status}, 200, 'once';
    }
};

subtest 'a model can refuse, be cut off, or say nonsense' => sub {
    my %checks = (
        refusal => sub { ok !defined message($_[0])->{content}, 'no content'; like message($_[0])->{refusal}, qr/sorry/, 'a refusal' },
        length => sub { is $_[0]{json}{choices}[0]{finish_reason}, 'length', 'length'; ok !defined eval { $sim->{json}->decode(message($_[0])->{content}) }, 'not whole' },
        content_filter => sub { is $_[0]{json}{choices}[0]{finish_reason}, 'content_filter', 'filtered' },
        null_content => sub { ok !defined message($_[0])->{content} && !defined message($_[0])->{refusal}, 'nothing at all' },
        empty_content => sub { is message($_[0])->{content}, '', 'empty'; is $_[0]{json}{choices}[0]{finish_reason}, 'length', 'length' },
        bad_schema => sub { my $said = $sim->{json}->decode(message($_[0])->{content}); ok !exists $said->{word}, 'JSON that does not fit' },
        not_json => sub { ok !defined eval { $sim->{json}->decode(message($_[0])->{content}) }, 'no JSON' },
    );
    for my $fault (sort keys %checks) {
        faulty({ fault => $fault, count => 1, stage => 'words' });
        my $answer = $sim->chat('tell me');
        is $answer->{status}, 200, $fault;
        $checks{$fault}->($answer);
        is message($sim->chat('tell me'))->{content}, '{"word":""}', 'once';
    }
    faulty({ fault => 'refusal', contains => 'poison' });
    ok defined message($sim->chat('poison'))->{refusal}, 'by what the question contains';
    ok !defined message($sim->chat('bread'))->{refusal}, 'and no other';
    faulty({ fault => 'refusal', where => 'batch', contains => 'question b' });
    my $batch = $sim->batch_until($sim->batch($sim->lines('a' .. 'c'))->{id}, 'completed');
    my @refused = grep { defined $_->{response}{body}{choices}[0]{message}{refusal} } $sim->content_lines($batch->{output_file_id});
    is_deeply [ map { $_->{custom_id} } @refused ], ['b'], 'in the line of a batch';
    ok !defined message($sim->chat('question b'))->{refusal}, 'in batches only';
};

subtest 'lines can be missing, come twice, be unknown, or be errors' => sub {
    my $lines = sub {
        faulty({ contains => '"custom_id":"b"', @_ });
        my $batch = $sim->batch_until($sim->batch($sim->lines('a' .. 'c'))->{id}, 'completed');
        return map { my $file = $_; $file ? $sim->content_lines($file) : () } @$batch{qw(output_file_id error_file_id)};
    };
    my $ids = sub { return join ' ', sort map { $_->{custom_id} =~ /^(unknown)/ ? $1 : $_->{custom_id} } @_ };
    is $ids->($lines->(fault => 'missing_line')), 'a c', 'missing';
    is $ids->($lines->(fault => 'duplicated_line')), 'a b b c', 'twice';
    is $ids->($lines->(fault => 'unknown_line')), 'a b c unknown', 'unknown';
    my ($line) = grep { $_->{custom_id} eq 'b' } $lines->(fault => 'line_status', status => 503);
    is $line->{response}{status_code}, 503, 'a status';
    ($line) = grep { $_->{custom_id} eq 'b' } $lines->(fault => 'line_error');
    is $line->{error}{code}, 'request_timeout', 'an error';
    is $line->{response}, undef, 'without response';
};

subtest 'limits of time are said in every way there is, and in ways there are not' => sub {
    for my $said (7, -1, 'soon', 'Wed, 21 Oct 2026 07:28:00 GMT', 1e9) {
        faulty({ fault => 'rate_limited', retry_after => $said, count => 1 });
        is $sim->chat('x')->{headers}{'retry-after'}, $said, "retry after $said";
    }
    faulty({ fault => 'rate_limited', count => 1 });
    is $sim->chat('x')->{headers}{'retry-after'}, undef, 'or not at all';
};

subtest 'money can be out in more than one way' => sub {
    for my $code ('organization_spend_limit_exceeded', 'project_spend_limit_exceeded', 'billing_hard_limit_reached', 'billing_not_active') {
        faulty({ fault => 'spend_limit', code => $code, count => 1 });
        my $answer = $sim->chat('x');
        is $answer->{status}, 429, $code;
        is $answer->{json}{error}{code}, $code, 'code';
    }
};

subtest 'gateways answer with pages' => sub {
    for my $case ([ 'bad_gateway', 502 ], [ 'gateway_timeout', 504 ]) {
        faulty({ fault => $case->[0], count => 1 });
        my $answer = $sim->chat('x');
        is $answer->{status}, $case->[1], $case->[0];
        like $answer->{content}, qr/^<html>/, 'a page';
        is $answer->{headers}{'content-type'}, 'text/html', 'and says so';
    }
};

subtest 'one batch or one file can be not found' => sub {
    my $batch = $sim->batch_until($sim->batch($sim->lines('a'))->{id}, 'completed');
    my @paths = ("/v1/batches/$batch->{id}", "/v1/files/$batch->{output_file_id}/content");
    for my $path (@paths) {
        faulty({ fault => 'not_found', path => "^\Q$path\E\$", count => 1 });
        is_deeply [ map { $sim->get($_)->{status} } $paths[0], $paths[1], $path ], [ map { $_ eq $path ? 404 : 200 } @paths, '' ], $path;
    }
    faulty({ fault => 'forbidden', path => '/content$', count => 2 });
    is_deeply [ map { $sim->get($paths[1])->{status} } 1 .. 3 ], [ 403, 403, 200 ], 'forbidden for a while after it has ended';
};

# What comes on the wire until the end, or until nothing comes for so long.
sub wire {
    my ($path, $patience) = @_;
    my $socket = $sim->socket;
    print {$socket} "GET $path HTTP/1.1\r\nhost: x\r\nauthorization: Bearer test\r\n\r\n";
    my ($got, $ended) = ('', 0);
    while (IO::Select->new($socket)->can_read($patience // 60)) {
        my $read = sysread $socket, my $bytes, 65536;
        if (!$read) { $ended = 1; last }
        $got .= $bytes;
    }
    my ($head, $body) = split /\r\n\r\n/, $got, 2;
    my ($length) = $head =~ /content-length: (\d+)/;
    return { head => $head, body => $body, length => $length, ended => $ended };
}

subtest 'an answer can be slow, stop, be too short, or lie about its length' => sub {
    my $file = $sim->upload($sim->lines('a' .. 'c'))->{json}{id};
    for my $path ("/v1/files/$file/content", '/v1/models') {
        faulty();
        my $whole = $sim->get($path)->{content};
        faulty({ fault => 'drip', ms => 1, bytes => 100, count => 1 });
        my $began = Time::HiRes::time();
        is wire($path)->{body}, $whole, 'drip: all of it';
        cmp_ok Time::HiRes::time() - $began, '>=', 0.001 * int(length($whole) / 100), 'a few bytes at a time';
        faulty({ fault => 'stall', count => 1 });
        my $stalled = wire($path, 0.5);
        is length($stalled->{body}), int(length($whole) / 2), 'stall: half of it';
        ok !$stalled->{ended}, 'and no end';
        faulty({ fault => 'truncated_body', count => 1 });
        my $short = $sim->get($path);
        is $short->{status}, 200, 'truncated: a good answer';
        is $short->{content}, substr($whole, 0, length($whole) / 2), 'that ends in its middle';
        for my $by (10, -10) {
            faulty({ fault => 'wrong_length', by => $by, count => 1 });
            my $wrong = wire($path);
            is $wrong->{length} - length($wrong->{body}), $by, "a length that is wrong by $by";
            is $wrong->{body}, $whole, 'all the same the whole body';
        }
        faulty({ fault => 'chunked_without_end', count => 1 });
        my $chunked = wire($path);
        like $chunked->{head}, qr/transfer-encoding: chunked/, 'chunked';
        is $chunked->{body}, sprintf("%x\r\n%s\r\n", length $whole, $whole), 'without the last chunk';
    }
    faulty({ fault => 'truncated_lines', count => 1 });
    my @lines = $sim->lines('a' .. 'c') =~ /(.*\n)/g;
    is $sim->content($file), $lines[0] . $lines[1] . substr($lines[2], 0, (length($lines[2]) - 1) / 2), 'lines that end in the middle of the last';
};

subtest 'for a while nobody is let in' => sub {
    faulty({ fault => 'refuse_connections', ms => 300, path => '^/v1/models', count => 1 });
    my $began = Time::HiRes::time();
    is $sim->get('/v1/models')->{status}, 200, 'this one is answered';
    my $refused = !IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $sim->{port}) && $!{ECONNREFUSED};
    ok $refused || Time::HiRes::time() - $began > 0.25, 'the next is refused';
    my $tries = 0;
    until (IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $sim->{port})) { ++$tries; select undef, undef, undef, 0.02; die 'refused for good' if $tries > 3000 }
    cmp_ok Time::HiRes::time() - $began, '>=', 0.25, 'as long as was said';
    is $sim->get('/v1/models')->{status}, 200, 'as ever afterwards';
};

subtest 'text that others stumble over arrives as bytes' => sub {
    my %bytes = (
        escaped_nul => [ '\\\\u0000', '\\u0000' ], raw_nul => [ "a\0b" ], control_character => [ "\x01\x1b[2J" ],
        invalid_utf8 => [ "a\xc3(b\xff" ], overlong_utf8 => [ "\xc0\xaf" ], lone_surrogate => [ '\\\\ud800', '\\ud800' ],
        line_separator => [ "\xe2\x80\xa8" ], huge_number => [ '\\"word\\":1e400' ], huge_integer => [ ':18446744073709551616' ],
        nan => [ ':NaN' ],
    );
    for my $kind (sort keys %bytes) {
        my ($inside, $outside) = @{ $bytes{$kind} };
        my @levels = $kind =~ /huge|nan/ ? ('answer') : ('answer', 'body');
        for my $level (@levels) {
            my $wanted = $level eq 'body' ? $outside // $inside : $inside;
            faulty({ fault => 'bad_text', kind => $kind, level => $level });
            my $content = $sim->chat('x')->{content};
            like $content, qr/\Q$wanted\E/, "$kind in the $level";
            unlike $content, qr/\\\\u/, 'not escaped twice' if $level eq 'body';
            my $batch = $sim->batch_until($sim->batch($sim->lines('a'))->{id}, 'completed');
            like $sim->content($batch->{output_file_id}), qr/\Q$wanted\E.*\n\z/s, 'in a line as well';
        }
    }
    is $sim->post('/_sim/faults', { fault => 'bad_text', kind => 'odd' })->{status}, 400, 'an unknown kind';
};

subtest 'answers can be huge or deep' => sub {
    faulty({ fault => 'huge_answer', bytes => 5_000_000, count => 1 });
    cmp_ok length message($sim->chat('x'))->{content}, '>=', 5_000_000, 'huge';
    faulty({ fault => 'deep_json', depth => 200_000, count => 1 });
    is message($sim->chat('x'))->{content}, '[' x 200_000 . ']' x 200_000, 'deep';
};

subtest 'the use of tokens can be wrong or missing' => sub {
    faulty();
    my $use = $sim->chat('x')->{json}{usage};
    faulty({ fault => 'no_usage', count => 1 }, { fault => 'wrong_usage', count => 1 }, { fault => 'wrong_usage', usage => 'none' });
    ok !exists $sim->chat('x')->{json}{usage}, 'missing';
    is $sim->chat('x')->{json}{usage}{prompt_tokens}, 1000 * $use->{prompt_tokens} + 1, 'wrong';
    is $sim->chat('x')->{json}{usage}, 'none', 'of another type';
    faulty();
    my $id = $sim->batch_until($sim->batch($sim->lines('a'))->{id}, 'completed')->{id};
    $use = $sim->get("/v1/batches/$id")->{json}{usage};
    faulty({ fault => 'no_batch_usage', count => 1 }, { fault => 'wrong_batch_usage', path => '/batches/' });
    ok !exists $sim->get("/v1/batches/$id")->{json}{usage}, 'missing of a batch';
    is $sim->get("/v1/batches/$id")->{json}{usage}{total_tokens}, 1000 * $use->{total_tokens} + 1, 'wrong of a batch';
};

subtest 'a line can contradict another, stand in both files, or not be what it should' => sub {
    my $files = sub {
        faulty({ contains => '"custom_id":"b"', @_ });
        my $batch = $sim->batch_until($sim->batch($sim->lines('a' .. 'c'))->{id}, 'completed');
        return map { [ $_ ? $sim->content_lines($_) : () ] } @$batch{qw(output_file_id error_file_id)};
    };
    my $of_b = sub { return grep { $_->{custom_id} eq 'b' } @{ $_[0] } };
    my ($output, $error) = $files->(fault => 'conflicting_line', text => 'else');
    is_deeply [ map { $_->{response}{body}{choices}[0]{message}{content} } $of_b->($output) ], [ '{"word":""}', 'else' ], 'contradicted';
    ($output, $error) = $files->(fault => 'line_in_both_files');
    is_deeply [ map { scalar $of_b->($_) } $output, $error ], [ 1, 1 ], 'in both files';
    ($output) = $files->(fault => 'body_as_text');
    my ($line) = $of_b->($output);
    is $sim->{json}->decode($line->{response}{body})->{object}, 'chat.completion', 'its body is a text';
    ($output) = $files->(fault => 'changed_line', set => { '/response/body' => {} }, remove => [ '/error', '/nothing/here' ]);
    ($line) = $of_b->($output);
    is_deeply $line->{response}{body}, {}, 'something else in it';
    ok !exists $line->{error}, 'something missing';
    is_deeply [ sort keys %$line ], [ 'custom_id', 'id', 'response' ], 'the rest as ever';
    faulty({ fault => 'raw_line', before => "\xef\xbb\xbf\r\n", text => 'no line', after => "\r\n" });
    my $batch = $sim->batch_until($sim->batch($sim->lines('a'))->{id}, 'completed');
    is $sim->content($batch->{output_file_id}), "\xef\xbb\xbf\r\nno line\r\n", 'any bytes';
    faulty({ fault => 'line_status', status => 503 });
    $batch = $sim->batch_until($sim->batch($sim->lines('a' .. 'c'))->{id}, 'completed');
    ok !defined $batch->{output_file_id}, 'no answer at all';
    is scalar $sim->content_lines($batch->{error_file_id}), 3, 'an error file only';
    is $sim->post('/_sim/faults', { fault => 'changed_line', set => { odd => 1 } })->{status}, 400, 'a pointer that is none';
};

subtest 'lines come in the order of a seed' => sub {
    $sim->control('config', { shuffle => JSON::PP::false });
    my $order = sub {
        faulty(@_);
        my $batch = $sim->batch_until($sim->batch($sim->lines(1 .. 20))->{id}, 'completed');
        return join ' ', map { $_->{custom_id} } $sim->content_lines($batch->{output_file_id});
    };
    is $order->(), join(' ', 1 .. 20), 'as asked';
    isnt $order->({ fault => 'shuffled', order => 1 }), join(' ', 1 .. 20), 'shuffled';
    $sim->control('config', { shuffle => $true });
};

subtest 'a batch can fail at validation with each code' => sub {
    for my $code (qw(token_limit_exceeded invalid_json_line missing_required_parameter invalid_request invalid_url streaming_unsupported
        model_not_found duplicate_custom_id url_mismatch model_mismatch empty_file too_many_tasks billing_hard_limit_reached)) {
        faulty({ fault => 'validation_fails', code => $code, message => 'no', line => 2, param => 'x', contains => '"of":"ours"' });
        my $batch = $sim->batch_until($sim->batch($sim->lines('a'), metadata => { of => 'ours' })->{id}, 'failed');
        is_deeply $batch->{errors}, { object => 'list', data => [ { code => $code, message => 'no', param => 'x', line => 2 } ] }, $code;
        ok !defined $batch->{output_file_id} && !defined $batch->{error_file_id}, 'no files';
        is $sim->batch_until($sim->batch($sim->lines('a'))->{id}, 'completed')->{status}, 'completed', 'no other';
    }
    faulty({ fault => 'validation_fails', errors => 'all wrong' });
    is $sim->batch_until($sim->batch($sim->lines('a'))->{id}, 'failed')->{errors}{data}, 'all wrong', 'errors in another shape';
};

subtest 'a batch can end early with a part of its answers' => sub {
    for my $case ([ 'expires', 'expired', 'batch_expired' ], [ 'cancelled', 'cancelled', 'batch_cancelled' ]) {
        my ($fault, $status, $code) = @$case;
        faulty({ fault => $fault, done => 0.3 });
        my $batch = $sim->batch_until($sim->batch($sim->lines(1 .. 10))->{id}, $status);
        is $batch->{status}, $status, $fault;
        my %good = map { $_->{custom_id} => 1 } $sim->content_lines($batch->{output_file_id});
        my @bad = $sim->content_lines($batch->{error_file_id});
        is scalar keys %good, 3, 'some answers';
        is scalar(grep { $_->{error}{code} eq $code && !$good{ $_->{custom_id} } } @bad), 7, 'the others not';
        is_deeply $batch->{request_counts}, { total => 10, completed => 3, failed => 0 }, 'counts that do not sum';
    }
};

subtest 'a batch can get stuck anywhere, and over a restart' => sub {
    for my $status (qw(validating in_progress finalizing)) {
        faulty({ fault => 'stuck', status => $status, count => 1 });
        my $id = $sim->batch($sim->lines(1 .. 4))->{id};
        my $other = $sim->batch($sim->lines('a'))->{id};
        is $sim->batch_until($other, 'completed')->{status}, 'completed', 'the next goes on';
        $sim->advance(200_000);
        is $sim->batch_until($id, $status)->{status}, $status, "$status after two days";
        $sim->stop('KILL');
        $sim->start;
        is $sim->get("/v1/batches/$id")->{json}{status}, $status, 'and after a restart';
        is $sim->get("/v1/batches/$id")->{json}{request_counts}{completed}, { validating => 0, in_progress => 2, finalizing => 4 }->{$status}, 'so many answered';
        $sim->post("/v1/batches/$id/cancel");
        is $sim->batch_until($id, 'cancelled')->{status}, 'cancelled', 'it can be cancelled';
    }
};

subtest 'a batch can vanish' => sub {
    faulty({ fault => 'vanishes', status => 'completed', count => 1 });
    my $id = $sim->batch($sim->lines('a'))->{id};
    my $gone = $sim->batch_until($id, sub { !$_[0]{status} });
    is $gone->{error}{message}, "No batch found with id '$id'.", 'not found';
    is $sim->post("/v1/batches/$id/cancel")->{status}, 404, 'nor cancelled';
    is scalar(grep { $_->{id} eq $id } @{ $sim->get('/v1/batches?limit=100')->{json}{data} }), 0, 'nor in the list';
};

subtest 'what is said of a batch can be odd' => sub {
    my $id = $sim->batch_until($sim->batch($sim->lines('a'))->{id}, 'completed')->{id};
    my $true_one = $sim->get("/v1/batches/$id")->{json};
    my @cases = (
        [ { fault => 'unknown_status' }, sub { is $_[0]{status}, 'scheduling', 'an unknown status' } ],
        [ { fault => 'unknown_status', text => 'COMPLETED' }, sub { is $_[0]{status}, 'COMPLETED', 'in capitals' } ],
        [ { fault => 'status_regression' }, sub { is $_[0]{status}, 'validating', 'back to the beginning'; ok !defined $_[0]{output_file_id}, 'no file' } ],
        [ { fault => 'empty_file_ids' }, sub { is $_[0]{error_file_id}, '', 'an empty id'; is $_[0]{output_file_id}, $true_one->{output_file_id}, 'where there was none' } ],
        [ { fault => 'changed_answer', remove => ['/request_counts'], path => "$id\$" }, sub { ok !exists $_[0]{request_counts}, 'without counts' } ],
    );
    for my $case (@cases) {
        faulty({ %{ $case->[0] }, count => 2 });
        $case->[1]->($sim->get("/v1/batches/$id")->{json});
        next if $case->[0]{path};
        my ($listed) = grep { $_->{id} eq $id } @{ $sim->get('/v1/batches?limit=100')->{json}{data} };
        $case->[1]->($listed);
        is_deeply $sim->get("/v1/batches/$id")->{json}, $true_one, 'and then the truth again';
    }
};

subtest 'its clock can be wrong' => sub {
    my $id = $sim->batch($sim->lines('a'))->{id};
    my $true_one = $sim->batch_until($id, 'completed');
    for my $by (172_800, -172_800) {
        faulty({ fault => 'clock_skew', s => $by, count => 1 });
        my $answer = $sim->get("/v1/batches/$id");
        is $answer->{json}{$_} - $true_one->{$_}, $by, $_ for qw(created_at completed_at expires_at);
        is $answer->{json}{failed_at}, undef, 'what was not is not';
        my $later = $sim->get('/v1/models');
        my $apart = HTTP::Tiny->_parse_http_date($answer->{headers}{date}) - HTTP::Tiny->_parse_http_date($later->{headers}{date});
        cmp_ok abs($apart - $by), '<', 60, 'the date of the answer';
    }
};

subtest 'what is new can take its time to be seen' => sub {
    faulty({ fault => 'missing_in_list', path => '^/v1/batches$', method => 'GET', for_s => 60 }, { fault => 'late_file', path => '^/v1/files/', for_s => 60 });
    my $id = $sim->batch($sim->lines('a'))->{id};
    my $listed = sub { return scalar grep { $_->{id} eq $id } @{ $sim->get('/v1/batches?limit=100')->{json}{data} } };
    my $batch = $sim->batch_until($id, 'completed');
    is $listed->(), 0, 'not in the list';
    is $sim->get("/v1/files/$batch->{output_file_id}$_")->{status}, 404, "file not there: $_" for '', '/content';
    $sim->advance(61);
    is $listed->(), 1, 'then in the list';
    is $sim->get("/v1/files/$batch->{output_file_id}$_")->{status}, 200, "file there: $_" for '', '/content';
};

subtest 'a probability decides by question and seed, not by order' => sub {
    my $hit = sub {
        my ($seed, @questions) = @_;
        faulty({ fault => 'internal_error', probability => 0.5, seed => $seed });
        my %hit = map { $_ => $sim->chat("question $_")->{status} } @questions;
        return join ' ', map { "$_:$hit{$_}" } sort { $a <=> $b } keys %hit;
    };
    my $first = $hit->(1, 1 .. 40);
    is $hit->(1, reverse 1 .. 40), $first, 'in another order the same';
    isnt $hit->(2, 1 .. 40), $first, 'another seed';
    my $times = () = $first =~ /:500/g;
    cmp_ok abs($times - 20), '<', 12, 'about half';
    my %again = map { $sim->chat('question 1')->{status} => 1 } 1 .. 20;
    is scalar keys %again, 2, 'asked again it may go well';
};

subtest 'a fault that is none is refused, and leaves the others' => sub {
    faulty({ fault => 'internal_error', skip => 1000 });
    my $answer = $sim->post('/_sim/faults', [ { fault => 'forbidden' }, { fault => 'nonsense' } ]);
    is $answer->{status}, 400, 'unknown';
    like $answer->{json}{error}{message}, qr/unknown fault "nonsense"; there are status, /, 'names the known ones';
    is $sim->post('/_sim/faults', { fault => 'status', path => '(' })->{status}, 400, 'a bad pattern';
    is scalar @{ $sim->control('faults') }, 1, 'one as before';
    is $sim->post('/_sim/config', { latency => 1 })->{status}, 400, 'an unknown setting';
};

1;
