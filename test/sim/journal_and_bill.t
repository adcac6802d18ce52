# What a test sees from outside: every request, what ran beside what, what was
# paid, and what was paid for twice.

use strict;
use warnings;
use JSON::PP ();
use StandIn;
use Test::More;

subtest 'every request has an entry' => sub {
    my $sim = StandIn->new;
    $sim->chat('x');
    $sim->get('/v1/models', authorization => undef);
    my $file = $sim->upload($sim->lines('a'))->{json}{id};
    my @entries = @{ $sim->control('journal')->{entries} };
    is_deeply [ map { $_->{seq} } @entries ], [ 1 .. 4 ], 'numbered, itself included';
    is $entries[0]{stage}, 'words', 'the stage';
    like $entries[0]{question}, qr/^[0-9a-f]{64}$/, 'the question';
    cmp_ok $entries[0]{ended_ms}, '>=', $entries[0]{started_ms}, 'its time';
    ok $entries[0]{delivered}, 'delivered';
    is $entries[1]{code}, 'invalid_api_key', 'the error';
    is $entries[2]{file_id}, $file, 'the file';
    is $entries[3]{ended_ms}, undef, 'what still lasts has no end';
    is_deeply [ map { $_->{seq} } @{ $sim->control('journal?after=1&limit=1')->{entries} } ], [2], 'a part';
    is_deeply [ map { $_->{seq} } @{ $sim->control('journal?path=^/v1/files')->{entries} } ], [3], 'by path';
    $sim->control('reset', {});
    is scalar @{ $sim->control('journal')->{entries} }, 1, 'reset';
};

my $raw_question = sub {
    my ($sim) = @_;
    my $body = $sim->{json}->encode($sim->chat_body('x'));
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nConnection: close\r\n"
        . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
};
my $asked = sub {
    my ($sim, $times) = @_;
    my $question = $raw_question->($sim);
    return map { my $socket = $sim->socket; $socket->autoflush(1); print {$socket} $question; $socket } 1 .. $times;
};
my $in_flight = sub {
    my ($sim, $want) = @_;
    for (1 .. 1200) { return 1 if $sim->control('stats')->{in_flight} == $want; Time::HiRes::sleep(0.025) }
    return 0;
};

subtest 'a thousand questions wait at once' => sub {
    my $sim = StandIn->new('--latency-ms', 600_000);
    my @sockets = $asked->($sim, 1000);
    ok $in_flight->($sim, 1000), 'all in flight';
    is $sim->get('/v1/models')->{status}, 200, 'others are served meanwhile';
    close $_ for @sockets;
    ok $in_flight->($sim, 0), 'none is left';
    is $sim->control('stats')->{max_in_flight}, 1000, 'the most is known';
};

subtest 'each answer comes after its latency' => sub {
    my $sim = StandIn->new('--latency-ms', 1000);
    my $answered = 0;
    for my $socket ($asked->($sim, 100)) {
        local $/;
        $answered++ if <$socket> =~ m{^HTTP/1.1 200 };
    }
    is $answered, 100, 'all are answered';
    ok $in_flight->($sim, 0), 'none is left';
    my @took = map { $_->{ended_ms} - $_->{started_ms} } @{ $sim->control('journal?path=chat')->{entries} };
    is scalar(grep { $_ < 1000 } @took), 0, 'nobody came early';
    is scalar(grep { $_ > 50_000 } @took), 0, 'nobody waited for all the others';
};

subtest 'answers are held, all but so many, until they are let go' => sub {
    my $sim = StandIn->new;
    $sim->control('config', { hold_after => 2 });
    my @sockets = $asked->($sim, 5);
    ok $in_flight->($sim, 3), 'two are answered, three wait';
    is scalar(grep { $_->{delivered} } @{ $sim->control('journal?path=chat')->{entries} }), 2, 'and two have theirs';
    $sim->control('config', { hold_after => undef });
    ok $in_flight->($sim, 0), 'none waits any more';
    my $answered = 0;
    for my $socket (@sockets) { local $/; $answered++ if <$socket> =~ m{^HTTP/1.1 200 }; }
    is $answered, 5, 'all are answered';
};

subtest 'a client that hangs up is noticed at once' => sub {
    my $sim = StandIn->new('--latency-ms', 600_000);
    my ($socket) = $asked->($sim, 1);
    ok $in_flight->($sim, 1), 'in flight';
    close $socket;
    ok $in_flight->($sim, 0), 'and gone';
    my ($entry) = @{ $sim->control('journal?path=chat')->{entries} };
    ok !$entry->{delivered}, 'nothing was delivered';
    is $sim->control('stats')->{direct}{answers}, 1, 'it is paid all the same';
};

subtest 'the bill knows tokens and money, direct and by batch' => sub {
    my $sim = StandIn->new('--batch-turnaround-s', 0);
    $sim->control('config', { prompt_cache => JSON::PP::false });
    my $usage = $sim->chat('question a', reasoning_effort => 'low')->{json}{usage};
    my $stats = $sim->control('stats');
    my $list = ($usage->{prompt_tokens} * 0.10 + $usage->{completion_tokens} * 0.50) / 1e6;
    ok abs($stats->{direct}{usd} - $list) < 1e-12, 'list price' or diag "$stats->{direct}{usd} is not $list";
    my $content = $sim->line('a', body => $sim->chat_body('question b', reasoning_effort => 'low'));
    $sim->batch_until($sim->batch($content)->{id}, 'completed');
    $stats = $sim->control('stats');
    ok abs($stats->{batch}{usd} - $list / 2) < 1e-12, 'half of it by batch';
    ok abs($stats->{batch}{usd_at_list} - $list) < 1e-12, 'what it would have cost';
    is $stats->{stages}{words}{answers}, 2, 'by stage';
    is $stats->{models}{'gpt-6-luna'}{answers}, 2, 'by model';
    is $stats->{routes}{'POST /v1/chat/completions'}{requests}, 1, 'by route';
    is $stats->{routes}{'POST /v1/chat/completions'}{statuses}{200}, 1, 'and status';
};

subtest 'an answer that is given again is counted' => sub {
    my $sim = StandIn->new('--batch-turnaround-s', 0);
    my $repeated = sub { my $stats = $sim->control('stats'); return [ @$stats{qw(questions repeated_answers repeated_after_delivery)} ] };
    $sim->chat('x');
    is_deeply $repeated->(), [ 1, 0, 0 ], 'once';
    $sim->chat('x');
    is_deeply $repeated->(), [ 1, 1, 1 ], 'twice';
    $sim->control('faults', { fault => 'drop_after_read', accepted => JSON::PP::true, count => 1 });
    $sim->chat('y');
    $sim->chat('y');
    is_deeply $repeated->(), [ 2, 2, 1 ], 'the first was lost on the way';
    $sim->batch_until($sim->batch($sim->line('l', body => $sim->chat_body('z')))->{id}, 'completed');
    is_deeply $repeated->(), [ 3, 2, 1 ], 'by batch';
    $sim->chat('z');
    is_deeply $repeated->(), [ 3, 3, 2 ], 'and again';
    $sim->chat('z', model => 'gpt-5.5');
    is_deeply $repeated->(), [ 4, 3, 2 ], 'another model is another question';
    $sim->stop('KILL');
    $sim->start;
    is_deeply $repeated->(), [ 4, 3, 2 ], 'also after a kill';
};

subtest 'the clock can be advanced and run faster' => sub {
    my $sim = StandIn->new;
    my $now = sub { return $sim->control('clock')->{now_s} };
    my $before = $now->();
    $sim->advance(1000);
    cmp_ok $now->() - $before, '>=', 1000, 'advanced';
    $sim->control('clock', { scale => 0 });
    my $stopped = $sim->control('clock')->{now_ms};
    is $sim->control('clock')->{now_ms}, $stopped, 'stopped';
    $sim->stop('KILL');
    $sim->start;
    is $sim->control('clock')->{now_ms}, $stopped, 'also after a kill';
    $sim->control('clock', { scale => 10_000 });
    my $file = $sim->batch($sim->lines('a'))->{id};
    $sim->control('config', { batch_turnaround_s => 3600 });
    my $slow = $sim->batch($sim->lines('a'))->{id};
    is $sim->batch_until($slow, 'completed')->{status}, 'completed', 'an hour in less than a second';
    is $sim->post('/_sim/clock', { advance_s => -1 })->{status}, 400, 'never back';
};

1;
