# What the service promises of chat completions: checklist items 32 to 37 and 39.

use strict;
use warnings;
use Digest::SHA ();
use JSON::PP ();
use StandIn;
use Test::More;

my $sim = StandIn->new;
my ($true, $false) = (JSON::PP::true, JSON::PP::false);

sub message { return $_[0]{json}{choices}[0]{message} }

subtest 'an answer has the shape of the service' => sub {
    my $answer = $sim->chat('hello');
    is $answer->{status}, 200, 'answered';
    my $body = $answer->{json};
    like $body->{id}, qr/^chatcmpl-[0-9A-Za-z]{29}$/, 'id';
    is $body->{object}, 'chat.completion', 'object';
    is $body->{choices}[0]{finish_reason}, 'stop', 'finish';
    ok exists $body->{choices}[0]{logprobs}, 'logprobs there';
    is message($answer)->{refusal}, undef, 'no refusal';
    is_deeply $sim->{json}->decode(message($answer)->{content}), { word => '' }, 'an instance of the schema';
    my $usage = $body->{usage};
    is $usage->{total_tokens}, $usage->{prompt_tokens} + $usage->{completion_tokens}, 'usage adds up';
    is $usage->{completion_tokens_details}{reasoning_tokens}, 0, 'no thinking where none is asked for';
    like $answer->{headers}{'x-request-id'}, qr/^req_[0-9a-f]{32}$/, 'x-request-id';
    like $answer->{headers}{'openai-processing-ms'}, qr/^\d+$/, 'processing time';
    like $answer->{headers}{'x-ratelimit-reset-tokens'}, qr/^(?:\d+h)?(?:\d+m)?[\d.]+m?s$/, 'a Go duration';
    is $sim->chat('x', service_tier => 'flex')->{json}{service_tier}, 'flex', 'tier comes back';
    is $sim->chat('x', model => 'gpt-5-mini', reasoning_effort => 'low')->{json}{model}, 'gpt-5-mini-2025-08-07', 'snapshot';
};

subtest 'any strict schema gets an instance of itself, its keys in order, the same each time' => sub {
    my $json = q({"type":"object","properties":{"z":{"type":"array","minItems":2,"items":{"$ref":"#/$defs/item"}},
        "a":{"type":["string","null"]},"m":{"anyOf":[{"type":"integer"},{"type":"null"}]},
        "k":{"type":"string","enum":["red","blue"]},"n":{"type":"integer","minimum":3},"d":{"type":"string","format":"date"}},
        "required":["z","a","m","k","n","d"],"additionalProperties":false,
        "$defs":{"item":{"type":"object","properties":{"on":{"type":"boolean"}},"required":["on"],"additionalProperties":false}}});
    my $body = q({"model":"gpt-6-luna","messages":[{"role":"user","content":"x"}],"response_format":
        {"type":"json_schema","json_schema":{"name":"shapes","strict":true,"schema":) . $json . '}}}';
    my @said = map { message($sim->post('/v1/chat/completions', $body))->{content} } 1, 2;
    is $said[0], '{"z":[{"on":false},{"on":false}],"a":null,"m":null,"k":"red","n":3,"d":"2000-01-01"}', 'instance';
    is $said[1], $said[0], 'again';
};

subtest 'what is outside the strict subset is refused in the words of the service' => sub {
    my $object = sub { return { type => 'object', additionalProperties => $false, required => [ sort keys %{ $_[0] } ], properties => $_[0] } };
    my $context = q{Invalid schema for response_format 'words': In context=};
    my $nested = { type => 'string' };
    $nested = $object->({ x => $nested }) for 1 .. 11;
    my %many = map { ("p$_" => { type => 'string' }) } 1 .. 5001;
    my @cases = (
        [ 'open object', { type => 'object', properties => {} }, q{(), 'additionalProperties' is required to be supplied and to be false.} ],
        [ 'open object inside', $object->({ x => { type => 'object', properties => {} } }),
            q{('properties','x'), 'additionalProperties' is required to be supplied and to be false.} ],
        [ 'optional key', { %{ $object->({ x => { type => 'string' } }) }, required => [] },
            q{(), 'required' is required to be supplied and to be an array including every key in properties. Missing 'x'.} ],
        [ 'no required', { type => 'object', additionalProperties => $false, properties => { x => { type => 'string' } } },
            q{(), 'required' is required to be supplied and to be an array including every key in properties. Missing 'x'.} ],
        [ 'required too much', { %{ $object->({}) }, required => ['x'] },
            q{(), 'required' is required to be supplied and to be an array including every key in properties. Extra required key 'x' supplied.} ],
        [ 'allOf', $object->({ x => { allOf => [] } }), q{('properties','x'), 'allOf' is not permitted.} ],
        [ 'minLength', $object->({ x => { type => 'string', minLength => 1 } }), q{('properties','x'), 'minLength' is not permitted.} ],
        [ 'uniqueItems', $object->({ x => { type => 'array', items => { type => 'string' }, uniqueItems => $true } }),
            q{('properties','x'), 'uniqueItems' is not permitted.} ],
        [ 'default', $object->({ x => { type => 'string', default => '' } }), q{('properties','x'), 'default' is not permitted.} ],
        [ 'no type', $object->({ x => {} }), q{('properties','x'), schema must have a 'type' key.} ],
        [ 'unknown format', $object->({ x => { type => 'string', format => 'uri' } }), q{('properties','x'), 'format' "uri" is not a supported format.} ],
        [ 'no items', $object->({ x => { type => 'array' } }), q{('properties','x'), array schema missing items.} ],
        [ 'deep in an array', $object->({ x => { type => 'array', items => { type => 'object', properties => {} } } }),
            q{('properties','x','items'), 'additionalProperties' is required to be supplied and to be false.} ],
        [ 'lost reference', $object->({ x => { '$ref' => '#/$defs/none' } }),
            q{('properties','x'), reference to component '#/$defs/none' which was not found in the schema.} ],
    );
    for my $case (@cases) {
        my ($name, $schema, $text) = @$case;
        my $answer = $sim->chat('x', response_format => { type => 'json_schema', json_schema => { name => 'words', strict => $true, schema => $schema } });
        is $answer->{status}, 400, $name;
        is $answer->{json}{error}{message}, $context . $text, 'message';
        is $answer->{json}{error}{param}, 'response_format', 'param';
    }
    for my $case ([ 'array at the root', { type => 'array', items => { type => 'string' } } ],
        [ 'anyOf at the root', { anyOf => [ $object->({}) ] } ], [ 'eleven levels', $nested ], [ '5,001 properties', $object->(\%many) ]) {
        my $answer = $sim->chat('x', response_format => { type => 'json_schema', json_schema => { name => 'words', strict => $true, schema => $case->[1] } });
        is $answer->{status}, 400, $case->[0];
    }
    my $loose = { type => 'json_schema', json_schema => { name => 'words', schema => { type => 'object', allOf => [] } } };
    is $sim->chat('x', response_format => $loose)->{status}, 200, 'a schema that is not strict is not looked at';
    my $named = { type => 'json_schema', json_schema => { name => 'no spaces', strict => $true, schema => $StandIn::schema } };
    is $sim->chat('x', response_format => $named)->{json}{error}{param}, 'response_format.json_schema.name', 'bad name';
};

subtest 'requests that no model takes are refused' => sub {
    my @cases = (
        [ 'no model', { messages => [] }, 400, undef, undef ],
        [ 'unknown model', { model => 'gpt-99', messages => [ { role => 'user', content => 'x' } ] }, 404, undef, 'model_not_found' ],
        [ 'no messages', { model => 'gpt-6-luna' }, 400, 'messages', 'missing_required_parameter' ],
        [ 'empty messages', { model => 'gpt-6-luna', messages => [] }, 400, 'messages', 'empty_array' ],
        [ 'unknown role', { model => 'gpt-6-luna', messages => [ { role => 'me', content => 'x' } ] }, 400, 'messages[0].role', 'invalid_value' ],
        [ 'too long', { model => 'gpt-6-luna', messages => [ { role => 'user', content => 'x ' x 1_000_000 } ] }, 400, 'messages', 'context_length_exceeded' ],
    );
    for my $case (@cases) {
        my ($name, $body, $status, $param, $code) = @$case;
        my $answer = $sim->post('/v1/chat/completions', $body);
        is $answer->{status}, $status, $name;
        is $answer->{json}{error}{param}, $param, 'param';
        is $answer->{json}{error}{code}, $code, 'code';
    }
    is $sim->post('/v1/chat/completions', '{')->{status}, 400, 'not JSON';
};

subtest 'a reasoning model refuses sampling' => sub {
    for my $model ('gpt-6-luna', 'gpt-5-mini', 'o4-mini') {
        my $cold = $sim->chat('x', model => $model, temperature => 0, reasoning_effort => 'low');
        is $cold->{json}{error}{message}, q{Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.}, "$model: temperature";
        is $cold->{json}{error}{code}, 'unsupported_value', 'code';
        my $old = $sim->chat('x', model => $model, max_tokens => 10, reasoning_effort => 'low');
        is $old->{json}{error}{message}, q{Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.}, "$model: max_tokens";
    }
    my %plain = (model => 'gpt-4o-mini', temperature => 0, max_tokens => 100);
    my $body = $sim->chat_body('x', %plain);
    delete $body->{reasoning_effort};
    is $sim->post('/v1/chat/completions', $body)->{status}, 200, 'others take it';
    is $sim->chat('x', reasoning_effort => 'minimal')->{json}{error}{code}, 'unsupported_value', 'gpt-6 has no minimal effort';
    is $sim->chat('x', temperature => 1)->{status}, 200, 'the default may be said';
};

subtest 'thinking counts as output and can use it up' => sub {
    is $sim->chat('x', reasoning_effort => 'high')->{json}{usage}{completion_tokens_details}{reasoning_tokens}, 1024, 'high';
    my $cut = $sim->chat('x', reasoning_effort => 'high', max_completion_tokens => 100);
    is $cut->{json}{choices}[0]{finish_reason}, 'length', 'nothing left to say';
    is message($cut)->{content}, '', 'empty';
    is $cut->{json}{usage}{completion_tokens}, 100, 'all used';
    $cut = $sim->chat('x', max_completion_tokens => 2);
    is message($cut)->{content}, '{"word":', 'cut in the middle';
};

subtest 'a long beginning that was seen is cached' => sub {
    my $long = 'It was a dark and stormy night. ' x 400;
    my $details = sub { $_[0]{json}{usage}{prompt_tokens_details} };
    my $first = $sim->chat("$long first");
    my $second = $sim->chat("$long second");
    is $details->($first)->{cached_tokens}, 0, 'not at first';
    cmp_ok $details->($first)->{cache_write_tokens}, '>', 1024, 'but written';
    cmp_ok $details->($second)->{cached_tokens}, '>=', 1024, 'then it is';
    is $details->($second)->{cached_tokens} % 128, 0, 'in steps of 128';
    is $details->($sim->chat("$long third", prompt_cache_key => 'mine'))->{cached_tokens}, 0, 'a key has its own';
    is $details->($sim->chat("$long fourth", model => 'gpt-5.5'))->{cached_tokens}, 0, 'a model too';
    is $details->($sim->chat('short'))->{cached_tokens} + $details->($sim->chat('short'))->{cached_tokens}, 0, 'nothing below 1,024';
};

subtest 'without a key, or with the wrong one, everything is 401' => sub {
    my $answer = $sim->get('/v1/models', authorization => undef);
    is $answer->{status}, 401, 'none';
    is $answer->{json}{error}{code}, 'invalid_api_key', 'code';
    my $strict = StandIn->new('--api-key', 'sk-right');
    is $strict->chat('x')->{status}, 401, 'wrong';
    unlike $strict->chat('x')->{content}, qr/test|sk-right/, 'no key in the text';
    is $strict->get('/v1/models', authorization => 'Bearer sk-right')->{status}, 200, 'right';
};

subtest 'unknown paths say so, models are listed' => sub {
    my $answer = $sim->post('/v1/responses', {});
    is $answer->{status}, 404, 'responses';
    is $answer->{json}{error}{message}, 'Invalid URL (POST /v1/responses)', 'message';
    is $sim->get('/v1/models/gpt-6-luna')->{json}{id}, 'gpt-6-luna', 'a model';
    is $sim->get('/v1/models/gpt-99')->{json}{error}{code}, 'model_not_found', 'no model';
    ok scalar(grep { $_->{id} eq 'gpt-5-mini' } @{ $sim->get('/v1/models')->{json}{data} }), 'list';
};

subtest 'limits a minute are kept and told' => sub {
    my $limited = StandIn->new('--rpm', 3);
    is $limited->chat("x$_")->{status}, 200, "request $_" for 1 .. 3;
    my $answer = $limited->chat('x4');
    is $answer->{status}, 429, 'one too many';
    is $answer->{json}{error}{code}, 'rate_limit_exceeded', 'code';
    is $answer->{json}{error}{type}, 'requests', 'type';
    cmp_ok $answer->{headers}{'retry-after'}, '<=', 20, 'when to come again';
    cmp_ok $answer->{headers}{'retry-after-ms'}, '>', 15000, 'to the millisecond';
    is $answer->{headers}{'x-ratelimit-remaining-requests'}, 0, 'nothing remains';
    is $limited->chat('x', model => 'gpt-5.5')->{status}, 200, 'another model has its own';
    $limited->control('config', { rpm => 0, tpm => 30 });
    is $limited->chat('y')->{status}, 200, 'one over the whole bucket goes when it is full';
    is $limited->chat('y')->{json}{error}{type}, 'tokens', 'then tokens are limited';
};

subtest 'the modes answer as they say' => sub {
    my $dir = File::Temp->newdir;
    my $write = sub { open my $file, '>', "$dir/$_[0]" or die; print {$file} $_[1]; close $file; return "$dir/$_[0]" };
    my $fixed = StandIn->new('--mode', 'fixed', '--gold', $write->('fixed', '{"word":"always"}'));
    is message($fixed->chat('x'))->{content}, '{"word":"always"}', 'fixed';
    $fixed->control('config', { fixed => { word => 'now' } });
    is message($fixed->chat('x'))->{content}, '{"word":"now"}', 'fixed, changed while it runs';
    $fixed->control('config', { fixed => { other => 1 } });
    is $fixed->chat('x')->{status}, 500, 'an answer against the schema is a fault of the stand-in';
    like $fixed->stderr, qr/against its schema/, 'and said aloud';
    my $oracle = StandIn->new('--mode', 'oracle', '--gold', $write->('oracle', '{"answers":[
        {"contains":"dog","schema":"words","answer":{"word":"Clyde"}},{"contains":"dog","schema":"other","answer":{}}],
        "default":{"word":"nothing"}}'));
    is message($oracle->chat('a dog'))->{content}, '{"word":"Clyde"}', 'oracle';
    is message($oracle->chat('a cat'))->{content}, '{"word":"nothing"}', 'oracle, nothing known';
    my $hash = Digest::SHA::sha256_hex('asked' . 'words');
    my $replay = StandIn->new('--mode', 'replay', '--gold', $write->('replay', qq({"question_sha256":"$hash","content":"{\\"word\\":\\"said\\"}"}\n)));
    is message($replay->chat('asked'))->{content}, '{"word":"said"}', 'replay';
    my $unknown = $replay->chat('never asked');
    is $unknown->{status}, 500, 'replay of what was not recorded';
    my $missing = Digest::SHA::sha256_hex('never asked' . 'words');
    like $unknown->{json}{error}{message}, qr/$missing/, 'names its hash';
};

1;
