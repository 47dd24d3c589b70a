# Completes wsee in fish; the candidates come from wsee itself.
function __wsee_complete
    set -l word (commandline -ct)
    set -l lines (command wsee completions fish -- (commandline -opc) "$word" 2>/dev/null)
    for line in $lines[2..-1]
        printf '%s\n' $line
    end
    if string match -q 'files *' -- $lines[1]
        set -l before (string sub -s 7 -- $lines[1])
        set -l start (math (string length -- "$before") + 1)
        for file in (__fish_complete_path (string sub -s $start -- "$word"))
            printf '%s\n' "$before$file"
        end
    end
end
complete -c wsee -f -a '(__wsee_complete)'
