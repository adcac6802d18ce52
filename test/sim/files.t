# What the service promises of files: checklist items 1 to 13 of the contract.

use strict;
use warnings;
use StandIn;
use Test::More;

my $sim = StandIn->new;
my $good = $sim->lines('a', 'b');

subtest 'parts of an upload may come in any order' => sub {
    for my $file_first (0, 1) {
        my $file = $sim->upload($good, file_first => $file_first);
        is $file->{status}, 200, $file_first ? 'file first' : 'purpose first';
        like $file->{json}{id}, qr/^file-[0-9A-Za-z]{22}$/, 'shape of the id';
        is $file->{json}{bytes}, length $good, 'bytes';
        is $file->{json}{status}, 'processed', 'status';
        is $file->{json}{expires_at}, $file->{json}{created_at} + 2592000, 'a batch file lives 30 days';
    }
    is $sim->upload('x', purpose => 'user_data', filename => 'x.txt')->{json}{expires_at}, undef, 'others for ever';
};

subtest 'content comes back byte for byte, in whatever pieces it came' => sub {
    my $nasty = $sim->line('a') . "\0\xff\xfe\r\n--boun\r\n--boundary-x\r\n\xe2\x80\xa8" . join('', map { chr } 0 .. 255);
    my $body = StandIn::multipart('boundary', [ 'file', $nasty, 'in.jsonl' ], [ 'purpose', 'batch' ]);
    my $head = "POST /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nConnection: close\r\n"
        . "Content-Type: multipart/form-data; boundary=\"boundary\"\r\nTransfer-Encoding: chunked\r\n\r\n";
    for my $size (1, 7, 1000) {
        my @chunks = map { sprintf "%x\r\n%s\r\n", length, $_ } unpack "(a$size)*", $body;
        my $answer = $sim->raw($head, @chunks, "0\r\n\r\n");
        my ($id) = $answer =~ /"id": "(file-\w+)"/;
        ok $id, "chunks of $size" or diag $answer;
        is $sim->content($id), $nasty, 'same bytes';
    }
};

subtest 'what is no batch file is refused when it is uploaded' => sub {
    for my $case ([ 'another name', $good, filename => 'in.txt' ], [ 'nothing in it', '' ],
        [ 'a first line that is not JSON', "{\n$good" ]) {
        my ($name, $content, @options) = @$case;
        my $answer = $sim->upload($content, @options);
        is $answer->{status}, 400, $name;
        like $answer->{json}{error}{message}, qr/Invalid file format.*\.jsonl/, 'message';
    }
    is $sim->upload($sim->line('a') . "{\n")->{status}, 200, 'a bad second line is found later';
    my $answer = $sim->upload($good, purpose => 'other');
    is $answer->{status}, 400, 'unknown purpose';
    is $answer->{json}{error}{param}, 'purpose', 'names the parameter';
    is $sim->upload($good, purpose => undef)->{json}{error}{code}, 'missing_required_parameter', 'no purpose';
};

subtest 'a file may say how long it lives' => sub {
    my $expiry = sub {
        my %fields = @_;
        return $sim->upload($good, fields => { map { ("expires_after[$_]" => $fields{$_}) } keys %fields });
    };
    my $file = $expiry->(anchor => 'created_at', seconds => 3600)->{json};
    is $file->{expires_at}, $file->{created_at} + 3600, 'an hour';
    is $expiry->(anchor => 'created_at', seconds => $_)->{status}, 400, "$_ seconds" for 3599, 2592001, 'x';
    is $expiry->(anchor => 'created_at')->{status}, 400, 'without seconds';
    is $expiry->(seconds => 3600)->{status}, 400, 'without anchor';
    is $expiry->(seconds => 3600, anchor => 'now')->{status}, 400, 'another anchor';
};

subtest 'a list is complete, ordered and paged' => sub {
    my $other = StandIn->new;
    my $empty = $other->get('/v1/files')->{json};
    is_deeply $empty->{data}, [], 'empty';
    is $empty->{first_id}, undef, 'no first id';
    is $empty->{last_id}, undef, 'no last id';
    my @ids = map { $other->upload($good)->{json}{id} } 1 .. 3;
    my $text = $other->upload('x', purpose => 'user_data', filename => 'x')->{json}{id};
    my $listed = sub { [ map { $_->{id} } @{ $other->get("/v1/files?$_[0]")->{json}{data} } ] };
    is_deeply $listed->(''), [ $text, reverse @ids ], 'newest first';
    is_deeply $listed->('order=asc'), [ @ids, $text ], 'oldest first';
    is_deeply $listed->('purpose=batch'), [ reverse @ids ], 'one purpose';
    my $page = $other->get('/v1/files?purpose=batch&limit=2')->{json};
    ok $page->{has_more}, 'more to come';
    is $page->{last_id}, $ids[1], 'last id';
    $page = $other->get("/v1/files?purpose=batch&limit=2&after=$ids[1]")->{json};
    is_deeply [ map { $_->{id} } @{ $page->{data} } ], [ $ids[0] ], 'the rest';
    ok !$page->{has_more}, 'no more';
    is $other->get("/v1/files?limit=$_")->{status}, 400, "limit $_" for 0, 10001, 'x';
    is $other->get('/v1/files?order=up')->{status}, 400, 'unknown order';
};

subtest 'a file that is deleted, expired or unknown is 404 in the envelope' => sub {
    my $id = $sim->upload($good)->{json}{id};
    my $deleted = $sim->call('DELETE', "/v1/files/$id")->{json};
    is_deeply $deleted, { id => $id, object => 'file', deleted => JSON::PP::true }, 'deleted';
    for my $path ("/v1/files/$id", "/v1/files/$id/content", '/v1/files/file-none') {
        my $answer = $sim->get($path);
        is $answer->{status}, 404, $path;
        is join(' ', sort keys %{ $answer->{json}{error} }), 'code message param type', 'all four keys';
    }
    is $sim->call('DELETE', "/v1/files/$id")->{status}, 404, 'deleted twice';
    $id = $sim->upload($good, fields => { 'expires_after[anchor]' => 'created_at', 'expires_after[seconds]' => 3600 })->{json}{id};
    $sim->advance(3599);
    is $sim->get("/v1/files/$id")->{status}, 200, 'lives its time';
    $sim->advance(2);
    is $sim->get("/v1/files/$id")->{status}, 404, 'then it is gone';
    is $sim->get("/v1/files/$id/content")->{status}, 404, 'and its content';
};

subtest 'what is refused is refused before the body is sent' => sub {
    my $head = sub {
        my ($length, @more) = @_;
        return join "\r\n", 'POST /v1/files HTTP/1.1', 'Host: x', "Content-Length: $length", 'Expect: 100-continue',
            'Content-Type: multipart/form-data; boundary=b', @more, '', '';
    };
    like $sim->raw($head->(1000)), qr{^HTTP/1.1 401 .*invalid_api_key}s, 'no key';
    like $sim->raw($head->(2**30, 'Authorization: Bearer x')), qr{^HTTP/1.1 413 }, 'too large';
    my $socket = $sim->socket;
    my $body = StandIn::multipart('b', [ 'purpose', 'batch' ], [ 'file', $good, 'a.jsonl' ]);
    print {$socket} $head->(length $body, 'Authorization: Bearer x');
    $socket->flush;
    is scalar <$socket>, "HTTP/1.1 100 Continue\r\n", 'asked to continue at once';
    scalar <$socket>;
    print {$socket} $body;
    $socket->flush;
    is scalar <$socket>, "HTTP/1.1 200 OK\r\n", 'and answered';
};

subtest 'the largest file costs no memory' => sub {
    my $line = $sim->line('x' x (1 << 14));
    my $count = int((200 << 20) / length $line);
    my $begin = "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
        . "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"big.jsonl\"\r\n\r\n";
    my $end = "\r\n--b--\r\n";
    my $length = length($begin) + $count * length($line) + length $end;
    my $head = "POST /v1/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nConnection: close\r\n"
        . "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: $length\r\n\r\n";
    my $peak = sub {
        open my $status, '<', "/proc/$sim->{pid}/status" or return 0;
        return (map { /^VmHWM:\s+(\d+)/ ? $1 : () } <$status>)[0];
    };
    my $before = $peak->();
    my $answer = $sim->raw($head, $begin, ($line) x $count, $end);
    my ($id) = $answer =~ /"id": "(file-\w+)"/;
    ok $id, 'taken' or diag substr $answer, 0, 500;
    cmp_ok $peak->() - $before, '<', 4 * 1024, 'within 4 MB of what it had';
    my $got = 0;
    $sim->{http}->get($sim->url("/v1/files/$id/content"),
        { headers => { authorization => 'Bearer x' }, data_callback => sub { $got += length $_[0] } });
    is $got, $count * length $line, 'comes back whole';
    cmp_ok $peak->() - $before, '<', 4 * 1024, 'and costs as little on the way out';
    $sim->control('config', { max_batch_file_bytes => 1000 });
    $answer = $sim->upload($good . 'x' x 1000);
    is $answer->{status}, 400, 'over the limit';
    is $answer->{json}{error}{message}, 'File is too large.', 'message';
};

1;
