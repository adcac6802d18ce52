# Faults to order: each does what its name says, as often and as reproducibly as
# the rule says.

use strict;
use warnings;
use JSON::PP ();
use StandIn;
use Test::More;

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
