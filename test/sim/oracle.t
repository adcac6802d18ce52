# The mode `oracle` with a world: sentences, facts, pairs, names and kinds are
# answered by what the gold file says of them, the staged plan as the combined one,
# and the same each time.

use strict;
use warnings;
use JSON::PP ();
use StandIn;
use Test::More;

my $json = JSON::PP->new->utf8->canonical;
my ($true, $false) = (JSON::PP::true, JSON::PP::false);

my $person = sub { my ($label, %more) = @_; return { type => 'Entity', label => $label, class => 'person', category => 'person', named => $true, %more } };
my $gold = {
    things => {
        anna => $person->('Anna', is => 'anna one'), 'other anna' => $person->('Anna', is => 'anna two'),
        robert => $person->('Robert Miller', is => 'bob'), bob => $person->('Bob Miller', is => 'bob', aliases => ['Bobby']),
        clyde => { type => 'Entity', label => 'Clyde', class => 'animal', category => 'dog', named => $true, hash_tags => ['pets'] },
        car => { type => 'Entity', label => 'car', class => 'product', category => 'car', named => $false, of => '@speaker', relation => 'car' },
    },
    sentences => {
        'I have a dog called Clyde.' => { by => 'anna', facts => [ { text => 'Anna has a dog called Clyde.', quote => 'a dog called Clyde' } ],
            statements => [ { type => 'State', label => 'ownership', category => 'pet ownership', roles => [ [ 'owner', '@speaker' ], [ 'owned', 'clyde' ] ] } ] },
        'I drive my car.' => { by => 'anna', facts => ['Anna drives her car.'], things => ['car'] },
        'I drive my car too.' => { by => 'robert', facts => ['Robert drives his car.'], things => ['car'] },
        'I am not Anna the singer.' => { facts => [ { text => 'This Anna is no singer.', negated => $true } ], things => ['other anna'] },
        'I met Robert Miller.' => { facts => ['Anna met Robert Miller.'],
            statements => [ { type => 'Event', label => 'meeting', category => 'meeting', start => { date => 'said', how => 'actual' },
                roles => [ [ 'agent', '@speaker' ], [ 'participant', 'robert' ] ] } ] },
        'Bob Miller sold my car because I was ill.' => { facts => [ 'The speaker was ill.', 'Bob Miller sold the car.' ], opens => 'the sale',
            statements => [
                { type => 'Event', label => 'sale', category => 'sale', roles => [ [ 'agent', 'bob' ], [ 'object', 'car' ], [ 'cause', { statement => 'illness' } ],
                    [ 'other', '@speaker', 'sold for' ] ] },
                { ref => 'illness', type => 'State', label => 'illness', category => 'illness', roles => [ [ 'experiencer', '@speaker' ] ] } ] },
    },
    kinds => { 'Entity dog' => 'entity > animal > dog', 'Entity axolotl' => { path => 'entity > animal', suggestion => 'axolotl' } },
    predicates => { 'pet ownership' => 'ownership', 'sold for' => { canonical => 'beneficiary', inverse => $true } },
    unsure => [ [ 'anna one', 'bob' ] ],
};

my $folder = File::Temp->newdir;
my $write = sub { open my $file, '>', "$folder/$_[0]" or die; print {$file} $json->encode($_[1]); close $file; return "$folder/$_[0]" };
my $sim = StandIn->new('--mode', 'oracle', '--gold', $write->('gold', $gold));

sub ask {
    my ($stage, $document) = @_;
    my $response = $sim->chat($json->encode($document), response_format => { type => 'json_schema', json_schema => { name => $stage, schema => { type => 'object' } } });
    return $response if $response->{status} != 200;
    return $json->decode($response->{json}{choices}[0]{message}{content});
}

my @said = ('I have a dog called Clyde.', 'What a day!', 'I met Robert Miller.', 'Bob Miller sold my car because I was ill.', 'I have a dog called Clyde.');
sub conversation {
    my ($task, @sentences) = @_;
    my $id = 0;
    return { task => $task, participants => [ { id => 1, name => 'Carl' }, { id => 2, name => 'Anna (2)' } ], self => undef, cast => [],
        context => [ { by => 2, at => undef, s => [ [ -1, 'I am not Anna the singer.' ] ] } ],
        messages => [ map { +{ by => 2, at => '2024-05-06 09:10 Mon', s => [ [ ++$id, $_ ] ] } } @sentences ] };
}
sub later {
    my ($task, $facts, %more) = @_;
    return { task => $task, participants => [ { id => 1, name => 'Carl' }, { id => 2, name => 'Anna (2)' } ], %more,
        facts => [ map { my %fact = (%$_, said_by => 2, said_at => '2024-05-06 09:10 Mon'); delete $fact{evidence}; \%fact } @$facts ] };
}

my $whole = ask('kg_extract', conversation('extract', @said));

subtest 'a conversation means what the gold file says of its sentences' => sub {
    is_deeply [ map { "$_->{id} $_->{text} $_->{evidence}[0]{sentence}" } @{ $whole->{facts} } ],
      [ '1 Anna has a dog called Clyde. 1', '2 Anna met Robert Miller. 3', '3 The speaker was ill. 4', '4 Bob Miller sold the car. 4', '5 Anna has a dog called Clyde. 5' ],
      'facts, in order, with their sentences; nothing of the context or of what means nothing';
    is $whole->{facts}[0]{evidence}[0]{quote}, 'a dog called Clyde', 'a quote';
    is $whole->{facts}[1]{evidence}[0]{quote}, 'I met Robert Miller.', 'or the whole sentence';
    my %thing = map { ($_->{id} => $_) } @{ $whole->{things} };
    my ($anna) = grep { defined $_->{participant} } values %thing;
    is_deeply [ @$anna{qw(label participant)} ], [ 'Anna (2)', 2 ], 'whoever speaks is called as shown';
    is_deeply $anna->{facts}, [ 1, 2, 3, 4, 5 ], 'and stands in all that was said';
    my ($car) = grep { $_->{label} eq 'car' } values %thing;
    is $car->{of}, $anna->{id}, 'what has no name belongs to whoever speaks';
    my ($sale) = grep { $_->{label} eq 'sale' } @{ $whole->{statements} };
    my ($illness) = grep { $_->{label} eq 'illness' } @{ $whole->{statements} };
    is_deeply [ map { [ @$_{qw(role role_text node)} ] } @{ $sale->{roles} }[ 2, 3 ] ], [ [ 'cause', undef, $illness->{id} ], [ 'other', 'sold for', $anna->{id} ] ],
      'a role points to a statement, another has words of its own';
    my ($meeting) = grep { $_->{label} eq 'meeting' } @{ $whole->{statements} };
    is_deeply $meeting->{start}, { date => '2024-05-06', how => 'actual' }, 'the day on which it was said';
    is_deeply ask('kg_extract', conversation('extract', @said)), $whole, 'the same each time';
};

subtest 'three questions give what one gives' => sub {
    is_deeply ask('kg_parse', conversation('parse', @said)), { facts => $whole->{facts} }, 'facts';
    my $nodes = ask('kg_facts', later('facts', $whole->{facts}));
    my $metadata = ask('kg_metadata', later('metadata', $whole->{facts}, %$nodes));
    for my $part (qw(things statements)) {
        my @joined = map { +{ %{ $nodes->{$part}[$_] }, %{ $metadata->{$part}[$_] } } } 0 .. $#{ $nodes->{$part} };
        is_deeply \@joined, $whole->{$part}, $part;
    }
    my $unknown = ask('kg_facts', later('facts', [ { id => 1, text => 'Nobody said this.' } ]));
    is $unknown->{json}{error}{code}, 'stand_in_error', 'a fact that nobody gave is a fault';
};

subtest 'segments begin where the gold file opens a topic' => sub {
    my $id = 0;
    my @messages = map { +{ id => ++$id, by => 1, at => undef, text => $_ } } 'Hello.', 'How are you?', "$said[3] Really.", 'I see.';
    is_deeply ask('kg_boundary', { task => 'boundary', participants => [], messages => \@messages }),
      { segments => [ { first => 1, last => 2, process => $true, topic => 'other' }, { first => 3, last => 4, process => $true, topic => 'the sale' } ] }, 'segments';
};

subtest 'pairs are the same where they are in truth' => sub {
    my $side = sub { my ($label, $class, @facts) = @_; return { type => 'Entity', class => $class, label => $label, facts => \@facts } };
    my @pairs = (
        [ $side->('Robert Miller', 'person', 'Anna met Robert Miller.'), $side->('Bob Miller', 'person', 'Bob Miller sold the car.') ],
        [ $side->('Anna', 'person', 'Anna has a dog called Clyde.'), $side->('Anna', 'person', 'This Anna is no singer.') ],
        [ $side->('Anna', 'person'), $side->('Robert Miller', 'person') ],
        [ $side->('Anna', 'person', 'Anna has a dog called Clyde.'), $side->('bobby', 'person') ],
        [ $side->('Clyde', 'animal'), $side->('Robert Miller', 'person') ],
        [ $side->('Clyde', 'person'), $side->('Clyde', 'animal') ],
        [ { type => 'State', class => undef, label => 'ownership', facts => ['Anna has a dog called Clyde.'] },
          { type => 'State', class => undef, label => 'ownership', facts => ['Anna has a dog called Clyde.'] } ],
        [ { type => 'Event', class => undef, label => 'meeting', facts => ['Anna met Robert Miller.'] },
          { type => 'Event', class => undef, label => 'sale', facts => ['Bob Miller sold the car.'] } ],
        [ $side->('car', 'product', 'Anna drives her car.'), $side->('car', 'product', 'Robert drives his car.') ],
        [ $side->('car', 'product', 'Anna drives her car.'), $side->('car', 'product', 'Anna drives her car.') ],
    );
    my $id = 10;
    my $answer = ask('kg_merge', { task => 'merge', pairs => [ map { +{ id => ++$id, a => $_->[0], b => $_->[1] } } @pairs ] });
    is_deeply [ map { "$_->{pair} $_->{verdict}" } @{ $answer->{decisions} } ],
      [ '11 same', '12 different', '13 unsure', '14 unsure', '15 different', '16 unsure', '17 same', '18 different', '19 different', '20 same' ],
      'by facts, by a name that one alone has, by alias; open where two have it or the file leaves it open';
    cmp_ok $answer->{decisions}[0]{confidence}, '>', 0.9, 'surely';
};

subtest 'names and kinds are where the gold file has them' => sub {
    is_deeply ask('kg_predicate', { task => 'predicate', canonical => [ { name => 'ownership' }, { name => 'beneficiary' } ],
        names => [ { id => 1, name => 'Pet Ownership' }, { id => 2, name => 'sold for' }, { id => 3, name => 'juggling' } ] })->{mappings},
      [ { id => 1, canonical => 'ownership', inverse => $false, confidence => 0.97 }, { id => 2, canonical => 'beneficiary', inverse => $true, confidence => 0.97 },
        { id => 3, canonical => undef, inverse => $false, confidence => 0.97 } ], 'names';
    is ask('kg_predicate', { task => 'predicate', canonical => [ { name => 'beneficiary' } ], names => [ { id => 1, name => 'pet ownership' } ] })->{mappings}[0]{canonical},
      undef, 'only what is offered';
    my @candidates = map { +{ taxon => $_->[0], path => $_->[1] } } [ 1, 'entity' ], [ 2, 'entity > animal' ], [ 3, 'entity > animal > dog' ], [ 4, 'entity > animal > do' ];
    my $choices = ask('kg_classify', { task => 'classify', kinds => [
        { id => 1, type => 'Entity', category => 'Dog', candidates => \@candidates }, { id => 2, type => 'Entity', category => 'dog', candidates => [ @candidates[ 0, 1 ] ] },
        { id => 3, type => 'Entity', category => 'axolotl', candidates => \@candidates }, { id => 4, type => 'Entity', category => 'rock', candidates => \@candidates } ] })->{choices};
    is_deeply [ map { [ @$_{qw(kind taxon suggestion)} ] } @$choices ], [ [ 1, 3, undef ], [ 2, 2, undef ], [ 3, 2, 'axolotl' ], [ 4, 1, undef ] ],
      'the deepest on the way, a suggestion, the root for what it does not know';
};

subtest 'what is wrong in a gold file is said with its place' => sub {
    my $refused = sub {
        my ($name, %gold) = @_;
        my $started = eval { StandIn->new('--mode', 'oracle', '--gold', $write->($name, \%gold)) };
        return defined $started ? 'it started' : $@;
    };
    like $refused->('ref', sentences => { 'Hi.' => { things => ['nobody'] } }), qr/sentence "Hi\.": no thing "nobody"/, 'an unknown ref';
    like $refused->('thing', things => { x => { type => 'Entity' } }), qr/thing "x": no "label"/, 'a thing without label';
    like $refused->('twice', sentences => { 'A.' => { facts => ['It is so.'] }, 'B.' => { facts => ['It is so.'] } }), qr/the fact "It is so\." is that of another sentence too/,
      'a fact of two sentences';
    like $refused->('nothing', other => 1), qr/has neither "answers" nor "sentences"/, 'nothing to answer with';
};
1;
