// Loopback mock of an OpenAI-style chat endpoint. usage: mock PORT [LIFETIME_S]
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#define BUF (1<<20)
typedef struct conn { int fd; char *in; int len; int cap; char *out; int olen, ooff, ocap; int streaming; int idx; int period; long next; int delay_json; struct conn *tn; } conn;
static int ep; static char *jsonResp; static int jsonLen; static char *sseHead; static int sseHeadLen; static char *chunks[128]; static int clen[128]; static int nch;
static conn *streams=NULL; static long seq=0;
static long now_us(){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return t.tv_sec*1000000L+t.tv_nsec/1000;}
static void mk(){
  char content[700]; int n=0; const char*w="tokens cost money and budgets guard them. "; while(n<560){content[n]=w[n%42];n++;} content[n]=0;
  char body[2048]; int bl=snprintf(body,sizeof body,"{\"id\":\"chatcmpl-mock0000000000000001\",\"object\":\"chat.completion\",\"created\":1760000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":120,\"completion_tokens\":110,\"total_tokens\":230,\"prompt_tokens_details\":{\"cached_tokens\":64,\"audio_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":32,\"audio_tokens\":0}},\"service_tier\":\"default\",\"system_fingerprint\":\"fp_mock\"}",content);
  jsonResp=malloc(4096); jsonLen=snprintf(jsonResp,4096,"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nx-request-id: req_mock_1\r\nopenai-processing-ms: 1\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nConnection: keep-alive\r\n\r\n%s",bl,body);
  sseHead=strdup("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\nx-request-id: req_mock_2\r\nDate: Mon, 23 Nov 2026 00:00:00 GMT\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"); sseHeadLen=strlen(sseHead);
  for(int i=0;i<102;i++){ char p[1024]; int pl;
    if(i<100) pl=snprintf(p,sizeof p,"data: {\"id\":\"chatcmpl-mock0000000000000001\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" token%03d\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n",i);
    else if(i==100) pl=snprintf(p,sizeof p,"data: {\"id\":\"chatcmpl-mock0000000000000001\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[],\"usage\":{\"prompt_tokens\":120,\"completion_tokens\":100,\"total_tokens\":220,\"prompt_tokens_details\":{\"cached_tokens\":64},\"completion_tokens_details\":{\"reasoning_tokens\":0}}}\n\n");
    else pl=snprintf(p,sizeof p,"data: [DONE]\n\n");
    chunks[i]=malloc(1200); clen[i]=snprintf(chunks[i],1200,"%x\r\n%s\r\n%s",pl,p,i==101?"0\r\n\r\n":""); }
  nch=102; }
static void ctl(conn*c,int ev){struct epoll_event e={.events=ev,.data.ptr=c};epoll_ctl(ep,EPOLL_CTL_MOD,c->fd,&e);}
static int flush(conn*c){ while(c->ooff<c->olen){int r=send(c->fd,c->out+c->ooff,c->olen-c->ooff,MSG_NOSIGNAL); if(r<0){ if(errno==EAGAIN){ctl(c,EPOLLIN|EPOLLOUT);return 0;} return -1;} c->ooff+=r;} c->ooff=c->olen=0; return 1; }
static int emit(conn*c,const char*p,int n){ if(c->olen==0){ int r=send(c->fd,p,n,MSG_NOSIGNAL); if(r==n) return 0; if(r<0){ if(errno!=EAGAIN) return -1; r=0;} p+=r;n-=r;} if(c->olen+n>c->ocap){c->ocap=(c->olen+n)*2;c->out=realloc(c->out,c->ocap);} memcpy(c->out+c->olen,p,n);c->olen+=n; return flush(c)<0?-1:0; }
static void unlinkS(conn*c){conn**p=&streams;while(*p){if(*p==c){*p=c->tn;return;}p=&(*p)->tn;}}
static void kill_c(conn*c){ if(c->streaming) unlinkS(c); epoll_ctl(ep,EPOLL_CTL_DEL,c->fd,0); close(c->fd); free(c->in);free(c->out);free(c);}
// returns: 0 incomplete, 1 handled, -1 dead
static int handle(conn*c);
static int step(conn*c){ // process as many requests as possible unless streaming
  while(!c->streaming){int r=handle(c); if(r<0) return -1; if(r==0) break;} return 0; }
static long hex(const char*p){return strtol(p,0,16);}
static int handle(conn*c){ c->in[c->len]=0; char*he=memmem(c->in,c->len,"\r\n\r\n",4); if(!he) return 0; int hl=he-c->in+4; char sv=c->in[hl-2]; (void)sv;
  long cl=0; int chunked=0; for(char*l=c->in; l<he;){ char*e=memmem(l,he+2-l,"\r\n",2); if(!e)break; if(!strncasecmp(l,"content-length:",15)) cl=atol(l+15); else if(!strncasecmp(l,"transfer-encoding:",18)) chunked=1; l=e+2; }
  int total; char*body=c->in+hl; int bl;
  if(!chunked){ if(c->len<hl+cl) return 0; total=hl+cl; bl=cl; }
  else { int o=hl; bl=0; for(;;){ char*e=memmem(c->in+o,c->len-o,"\r\n",2); if(!e) return 0; long n=hex(c->in+o); int d=e-c->in+2; if(c->len<d+n+2) return 0; if(n==0){ total=d+2; break;} o=d+n+2; }
    o=hl; for(;;){ char*e=memmem(c->in+o,c->len-o,"\r\n",2); long n=hex(c->in+o); int d=e-c->in+2; if(n==0) break; int nx=d+n+2; memmove(body+bl,c->in+d,n); bl+=n; o=nx; } }
  seq++; int st=0,per=0; int look=bl<400?bl:400; /* params live in the first or last 400 bytes */
  char*q=memmem(body,look,"\"stream\":true",13); if(!q&&bl>400) q=memmem(body+bl-400,400,"\"stream\":true",13); if(q) st=1;
  if(st){ char*m=memmem(body,bl,"paced",5); if(m) per=atoi(m+5); }
  int r=0; if(!st) r=emit(c,jsonResp,jsonLen); else { r=emit(c,sseHead,sseHeadLen); if(per==0){ for(int i=0;i<nch&&r==0;i++) r=emit(c,chunks[i],clen[i]); } else { c->streaming=1;c->idx=0;c->period=per*1000; c->next=now_us()+c->period; c->tn=streams; streams=c; } }
  if(r<0) return -1; memmove(c->in,c->in+total,c->len-total); c->len-=total; return 1; }
int main(int ac,char**av){ int port=atoi(av[1]); int life=ac>2?atoi(av[2]):3600; alarm(life); mk(); ep=epoll_create1(0); int ls=socket(AF_INET,SOCK_STREAM|SOCK_NONBLOCK,0); int one=1; setsockopt(ls,SOL_SOCKET,SO_REUSEADDR,&one,4); struct sockaddr_in a={.sin_family=AF_INET,.sin_port=htons(port),.sin_addr.s_addr=htonl(INADDR_LOOPBACK)}; if(bind(ls,(void*)&a,sizeof a)||listen(ls,4096)){perror("bind");return 1;}
  struct epoll_event e={.events=EPOLLIN,.data.ptr=NULL}; epoll_ctl(ep,EPOLL_CTL_ADD,ls,&e); fprintf(stderr,"mock %d json=%d chunk=%d\n",port,jsonLen,clen[0]);
  int tfd=timerfd_create(CLOCK_MONOTONIC,TFD_NONBLOCK); int ticking=0; static conn tm; struct epoll_event te={.events=EPOLLIN,.data.ptr=&tm}; epoll_ctl(ep,EPOLL_CTL_ADD,tfd,&te);
  struct epoll_event ev[512];
  for(;;){ int n=epoll_wait(ep,ev,512,-1);
    for(int i=0;i<n;i++){ conn*c=ev[i].data.ptr;
      if(c==NULL){ for(;;){int fd=accept4(ls,0,0,SOCK_NONBLOCK); if(fd<0)break; setsockopt(fd,IPPROTO_TCP,TCP_NODELAY,&one,4); conn*k=calloc(1,sizeof*k);k->fd=fd;k->cap=8192;k->in=malloc(k->cap+1); struct epoll_event x={.events=EPOLLIN,.data.ptr=k};epoll_ctl(ep,EPOLL_CTL_ADD,fd,&x);} continue; }
      if(c==&tm){ unsigned long long z; if(read(tfd,&z,8)<0){} continue; }
      if(ev[i].events&EPOLLOUT){ int r=flush(c); if(r<0){kill_c(c);continue;} if(r==1) ctl(c,EPOLLIN); }
      if(ev[i].events&(EPOLLIN|EPOLLHUP|EPOLLERR)){ int dead=0; for(;;){ if(c->len==c->cap){c->cap*=2;c->in=realloc(c->in,c->cap+1);} int want=c->cap-c->len; int r=recv(c->fd,c->in+c->len,want,0); if(r==0){dead=1;break;} if(r<0){ if(errno!=EAGAIN) dead=1; break;} c->len+=r; if(r<want) break; } if(dead){kill_c(c);continue;} if(step(c)<0){kill_c(c);continue;} }
    }
    long t=now_us(); conn*c=streams; while(c){ conn*nx=c->tn; int dead=0; while(c->streaming&&c->next<=t){ if(emit(c,chunks[c->idx],clen[c->idx])<0){dead=1;break;} c->idx++; c->next+=c->period; if(c->idx==100){ for(;c->idx<nch;c->idx++) if(emit(c,chunks[c->idx],clen[c->idx])<0){dead=1;break;} unlinkS(c); c->streaming=0; if(!dead&&step(c)<0) dead=1; break; } } if(dead) kill_c(c); c=nx; }
    if(streams&&!ticking){ struct itimerspec it={{0,1000000},{0,1000000}}; timerfd_settime(tfd,0,&it,0); ticking=1;} else if(!streams&&ticking){ struct itimerspec it={{0,0},{0,0}}; timerfd_settime(tfd,0,&it,0); ticking=0; }
  } }
